// A real provider of OpenID Connect on loopback (oidc-provider), and a browser that signs in there.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClientMetadata, Provider } from "oidc-provider";

export interface Claims {
  email?: string;
  email_verified?: boolean;
  name?: string;
}
export interface Answered {
  code: string;
  state: string;
  iss: string;
}
export interface OidcIssuer extends AsyncDisposable {
  readonly url: string;
  readonly provider: Provider;
  /** What the provider says of its accounts, by subject. */
  readonly accounts: Map<string, Claims>;
  /** The variables of a server that trusts this provider. */
  readonly env: Record<string, string>;
  /** Opens the address as a browser does, signs in, and resolves with what comes back at the redirect address. */
  signIn(url: string, subject: string): Promise<Answered>;
}

const clientId = "parley";
const clientSecret = "a secret of forty or more characters in all";
export const redirectUri = "https://chat.example.test/oidc";

/** `codeLifeS`: seconds that a code is good. */
export async function startOidcIssuer({ codeLifeS = 60 }: { codeLifeS?: number } = {}): Promise<OidcIssuer> {
  const accounts = new Map<string, Claims>();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client: ClientMetadata = {
    ...{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] },
    ...{ grant_types: ["authorization_code"], response_types: ["code"] },
  };
  const provider = new Provider(url, {
    clients: [client],
    cookies: { keys: ["of this test"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    ttl: { AuthorizationCode: codeLifeS, AccessToken: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
    findAccount: (_, subject) => ({ accountId: subject, claims: () => ({ sub: subject, ...accounts.get(subject) }) }),
  });
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/sign-in/")) void consent(provider, request, response);
    else void answer(request, response);
  });
  return {
    ...{ url, provider, accounts },
    env: {
      ...{ OIDC_ISSUER: url, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret },
      ...{ OIDC_REDIRECT_URIS: redirectUri, OUTBOUND_ALLOW: new URL(url).host },
    },
    signIn: (address, subject) => browse(`${address}&login_hint=${subject}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The user of the login hint signs in and allows everything. */
async function consent(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const { params, grantId } = await provider.interactionDetails(request, response);
  const accountId = String(params.login_hint);
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId, clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

async function browse(address: string): Promise<Answered> {
  const cookies = new Map<string, string>();
  for (let url = address; ; ) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) throw new Error(`the provider answered ${answer.status}: ${await answer.text()}`);
    url = new URL(location, url).href;
    if (!url.startsWith(redirectUri)) continue;
    const { code, state, iss, error } = Object.fromEntries(new URL(url).searchParams);
    if (!code || !state || !iss) throw new Error(`the provider refused: ${error}`);
    return { code, state, iss };
  }
}
