// A provider of OpenID Connect (ZITADEL for example), on openid-client. What the provider says is found by discovery; every
// request goes through the guard on addresses, so that a provider of this network is named in OUTBOUND_ALLOW.
import type { Configuration } from "openid-client";
import { Agent, type buildConnector, fetch as undiciFetch } from "undici";
import { DomainError } from "../../actors/shared/errors.ts";
import type { OidcIdentity, OidcProvider } from "../../gateway/oidc-ports.ts";
import type { Log } from "../../gateway/ports.ts";

export interface OidcConfig {
  issuer: string;
  clientId: string;
  /** Absent: the client is a public one, protected by PKCE alone. */
  clientSecret?: string;
  redirectUris: readonly string[];
}
interface OidcDeps {
  connect: buildConnector.connector;
  log: Log;
}
type Library = typeof import("openid-client");
interface Opened {
  library: Library;
  configuration: Configuration;
}

/** Of each answer of the provider. */
const maxAnswerBytes = 1024 * 1024;
/** Below the deadline of a request. */
const answerTimeoutS = 4;
const scope = "openid email profile";
/** The operator's mistakes, or the provider's failures: the user can do nothing about them. */
const notTheUsers = new Set([
  ...["invalid_client", "unauthorized_client"],
  ...["OAUTH_TIMEOUT", "OAUTH_RESPONSE_IS_NOT_CONFORM", "OAUTH_PARSE_ERROR"],
]);

export function createOidcProvider(config: OidcConfig, { connect, log }: OidcDeps): OidcProvider & { close(): void } {
  const agent = new Agent({ connect, connections: 4, maxResponseSize: maxAnswerBytes });
  let opening: Promise<Opened> | undefined;

  /** Discovery is done once; a failed one is tried again by the next request. */
  const open = (): Promise<Opened> => {
    opening ??= discover(config, agent).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const refuse = (library: Library | undefined, step: string, error: unknown): DomainError => {
    const reason = reasonOf(library, error);
    log.warn("oidc: request refused", { step, reason: reason ?? "unreachable", error });
    const isRefused = reason !== undefined && !notTheUsers.has(reason);
    return new DomainError(isRefused ? "auth.code_wrong" : "common.unavailable", { cause: error });
  };

  return {
    redirectUris: config.redirectUris,

    async start({ redirectUri, state, nonce, verifier }) {
      try {
        const { library, configuration } = await open();
        const challenge = await library.calculatePKCECodeChallenge(verifier);
        const parameters = { redirect_uri: redirectUri, scope, state, nonce, code_challenge: challenge };
        return library.buildAuthorizationUrl(configuration, { ...parameters, code_challenge_method: "S256" }).href;
      } catch (error) {
        throw refuse(undefined, "start", error);
      }
    },

    async exchange(input) {
      let library: Library | undefined;
      try {
        const opened = await open();
        library = opened.library;
        return await exchange(opened, input);
      } catch (error) {
        throw refuse(library, "exchange", error);
      }
    },

    close: () => void agent.destroy(),
  };
}

async function discover({ issuer, clientId, clientSecret }: OidcConfig, agent: Agent): Promise<Opened> {
  // Loaded at the first use: most servers have no provider.
  const library = await import("openid-client");
  const url = new URL(issuer);
  const authenticate: ReturnType<Library["None"]> = (server, ...rest) => {
    if (clientSecret === undefined) return library.None()(server, ...rest);
    const takesBasic = server.token_endpoint_auth_methods_supported?.includes("client_secret_basic") ?? true;
    return (takesBasic ? library.ClientSecretBasic : library.ClientSecretPost)(clientSecret)(server, ...rest);
  };
  const configuration = await library.discovery(url, clientId, clientSecret, authenticate, {
    timeout: answerTimeoutS,
    execute: [library.enableNonRepudiationChecks, ...(url.protocol === "http:" ? [library.allowInsecureRequests] : [])],
    [library.customFetch]: (address, options) =>
      undiciFetch(address, { ...(options as object), dispatcher: agent }) as unknown as Promise<Response>,
  });
  return { library, configuration };
}

/** Checks issuer, signature, audience, nonce and state as the standard says. */
async function exchange(
  { library, configuration }: Opened,
  { redirectUri, code, state, iss, nonce, verifier }: Parameters<OidcProvider["exchange"]>[0],
): Promise<OidcIdentity> {
  const answered = new URL(redirectUri);
  for (const [name, value] of Object.entries({ code, state, iss })) {
    if (value !== undefined) answered.searchParams.set(name, value);
  }
  const tokens = await library.authorizationCodeGrant(configuration, answered, {
    ...{ pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state },
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new TypeError("a checked answer has an id token");
  const { iss: issuer, sub: subject } = claims;
  const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
  const shown =
    claims.email === undefined && hasMore
      ? await library.fetchUserInfo(configuration, tokens.access_token, subject)
      : claims;
  const { email, email_verified: isVerified, name } = shown;
  return {
    ...{ issuer, subject },
    // Only the claim itself, and no text that reads like it.
    ...(typeof email === "string" && isVerified === true && { verifiedEmail: email }),
    ...(typeof name === "string" && { name }),
  };
}

/** Why the answer was refused; undefined: the provider was not reached. */
function reasonOf(library: Library | undefined, error: unknown): string | undefined {
  if (!library) return undefined;
  if (error instanceof library.ResponseBodyError) return error.status >= 500 ? undefined : error.error;
  if (error instanceof library.AuthorizationResponseError) return error.error;
  if (error instanceof library.ClientError) return error.code ?? "invalid";
  return undefined;
}
