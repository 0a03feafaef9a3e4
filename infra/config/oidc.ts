// The login by OpenID Connect, as configuration.
import type { OidcConfig } from "../oidc/oidc-provider.ts";
import type { ConfigReader } from "./reader.ts";

/** Undefined: there is no such login. */
export function readOidc(read: ConfigReader): OidcConfig | undefined {
  const issuer = read.url("OIDC_ISSUER", ["https:", "http:"]);
  const clientId = read.text("OIDC_CLIENT_ID");
  const clientSecret = read.optional("OIDC_CLIENT_SECRET");
  const redirectUris = read.list("OIDC_REDIRECT_URIS");
  if (!redirectUris.every(isRedirectUri)) read.refuse("OIDC_REDIRECT_URIS");
  if (issuer === undefined) {
    if (clientId !== "") read.problems.push("OIDC_CLIENT_ID needs OIDC_ISSUER, which is not set.");
    return undefined;
  }
  if (clientId === "") read.problems.push("OIDC_ISSUER needs OIDC_CLIENT_ID, which is not set.");
  if (redirectUris.length === 0) read.problems.push("OIDC_ISSUER needs OIDC_REDIRECT_URIS, which is not set.");
  return { issuer, clientId, redirectUris, ...(clientSecret !== undefined && { clientSecret }) };
}

/** Apps have schemes of their own; a fragment is never sent to a redirect address (RFC 6749). */
function isRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.hash === "" && !["javascript:", "data:", "file:", "blob:"].includes(url.protocol);
}

export function findOpenIssuer(oidc: OidcConfig | undefined): string[] {
  if (!oidc?.issuer.startsWith("http:")) return [];
  return ["OIDC_ISSUER is not encrypted: production needs https."];
}
