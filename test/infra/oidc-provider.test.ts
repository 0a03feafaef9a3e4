// What a provider of OpenID Connect may answer, and what of it is believed.
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { parseAllowed } from "../../infra/llm/guard/allowed.ts";
import { guardedConnect } from "../../infra/llm/guard/guard.ts";
import { createOidcProvider } from "../../infra/oidc/oidc-provider.ts";
import { silentLog } from "../support/silent-log.ts";

const pair = () => generateKeyPairSync("rsa", { modulusLength: 2_048 });
const [own, foreign] = [pair(), pair()];
const redirectUri = "https://chat.example.test/oidc";
const attempt = { redirectUri, code: "c", state: "s", nonce: "n".repeat(32), verifier: "v".repeat(43) };

interface Script {
  claims?: Record<string, unknown>;
  key?: KeyObject;
  metadata?: Record<string, unknown>;
  userinfo?: Record<string, unknown>;
  token?: { status: number; body: string };
}

/** A provider that answers as the script says. */
async function startScripted(t: ExecutionContext, script: Script = {}) {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked: string[] = [];
  server.on("request", (request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const { status = 200, body } = answerOf(path, url, script);
    response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body);
  });
  const open = (allow: string[] = [new URL(url).host]) => {
    const connect = guardedConnect({ allowed: parseAllowed(allow) });
    const provider = createOidcProvider({ issuer: url, clientId: "me", redirectUris: [] }, { connect, log: silentLog });
    t.teardown(() => provider.close());
    return provider;
  };
  return { url, asked, open };
}

function answerOf(path: string, url: string, script: Script): { status?: number; body: string } {
  if (path === "/.well-known/openid-configuration") {
    const endpoints = {
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
    };
    const algorithms = { id_token_signing_alg_values_supported: ["RS256"], response_types_supported: ["code"] };
    const userinfo = { userinfo_endpoint: `${url}/userinfo`, subject_types_supported: ["public"] };
    return { body: JSON.stringify({ issuer: url, ...endpoints, ...algorithms, ...userinfo, ...script.metadata }) };
  }
  if (path === "/jwks") {
    const jwk = { ...own.publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256", use: "sig" };
    return { body: JSON.stringify({ keys: [jwk] }) };
  }
  if (path === "/userinfo") return { body: JSON.stringify({ sub: "sub", ...script.userinfo }) };
  if (script.token) return script.token;
  const nowS = Math.floor(Date.now() / 1_000);
  const standard = { iss: url, sub: "sub", aud: "me", iat: nowS, exp: nowS + 60, nonce: attempt.nonce };
  const idToken = signed({ ...standard, ...script.claims }, script.key ?? own.privateKey);
  return { body: JSON.stringify({ access_token: "a", token_type: "Bearer", id_token: idToken }) };
}

function signed(claims: object, key: KeyObject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", kid: "1" })}.${part(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}

test("a proven identity has an issuer, a subject and a name, and its address only when it was verified", async (t) => {
  const email = { email: "a@x.org" };
  for (const [claims, userinfo, expected] of [
    [{ ...email, email_verified: true, name: "A" }, {}, { verifiedEmail: "a@x.org", name: "A" }],
    [{ ...email, email_verified: false }, {}, {}],
    [{ ...email, email_verified: "true" }, {}, {}],
    [{ ...email }, { email_verified: true }, {}],
    [{}, { ...email, email_verified: true }, { verifiedEmail: "a@x.org" }],
    [{}, { email: 7, email_verified: true, name: {} }, {}],
  ] as const) {
    const { url, open } = await startScripted(t, { claims, userinfo });
    t.deepEqual(await open().exchange(attempt), { issuer: url, subject: "sub", ...expected }, JSON.stringify(claims));
  }
});

for (const [what, script] of Object.entries({
  "another nonce": { claims: { nonce: "m".repeat(32) } },
  "no nonce": { claims: { nonce: undefined } },
  "another audience": { claims: { aud: "them" } },
  "another issuer": { claims: { iss: "https://evil.example.test" } },
  "an end in the past": { claims: { exp: 1 } },
  "a foreign signature": { key: foreign.privateKey },
  "another user's details": { userinfo: { sub: "other" } },
  "a refusal": { token: { status: 400, body: '{"error":"invalid_grant"}' } },
} satisfies Record<string, Script>)) {
  test(`an answer with ${what} proves nobody`, async (t) => {
    const { open } = await startScripted(t, script);
    await t.throwsAsync(open().exchange(attempt), { message: /code is wrong/ });
  });
}

for (const [what, script] of Object.entries({
  fails: { token: { status: 500, body: "{}" } },
  "does not know this server": { token: { status: 401, body: '{"error":"invalid_client"}' } },
  "answers without end": { token: { status: 200, body: " ".repeat(2 * 1024 * 1024) } },
  "names a closed address": { metadata: { token_endpoint: "http://169.254.169.254/token" } },
  "says it is another one": { metadata: { issuer: "https://evil.example.test" } },
} satisfies Record<string, Script>)) {
  test(`a provider that ${what} makes the login unavailable`, async (t) => {
    const { open } = await startScripted(t, script);
    const error = await t.throwsAsync(open().exchange(attempt));
    t.like(error, { error: "common.unavailable" });
  });
}

test("a provider in this network is reached only when it is allowed, and found when it comes back", async (t) => {
  const { asked, open } = await startScripted(t);
  const start = { ...attempt, state: "s" };
  await t.throwsAsync(open([]).start(start));
  t.deepEqual(asked, []);
  const provider = open();
  t.regex(await provider.start(start), /code_challenge_method=S256/);
  await provider.start(start);
  t.is(asked.filter((path) => path.includes("well-known")).length, 1, "discovery is done once");
});
