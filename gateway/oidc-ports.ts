// What the edge needs of a provider of OpenID Connect.

/** The provider of OpenID Connect of this server. Both methods throw common.unavailable when it cannot be reached. */
export interface OidcProvider {
  /** Where the provider may send users back to. */
  readonly redirectUris: readonly string[];
  /** The address that the user opens. */
  start(input: { redirectUri: string; state: string; nonce: string; verifier: string }): Promise<string>;
  /** Throws auth.code_wrong when the provider did not give this answer to this very attempt. */
  exchange(input: {
    redirectUri: string;
    code: string;
    state: string;
    iss?: string;
    nonce: string;
    verifier: string;
  }): Promise<OidcIdentity>;
}
export interface OidcIdentity {
  issuer: string;
  subject: string;
  /** Absent: the provider did not verify the address. */
  verifiedEmail?: string;
  name?: string;
}
