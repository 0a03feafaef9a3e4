import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import { createTokenEndpoint } from "../../infra/llm/token-endpoint.ts";
import { startIdentityProvider, tokenOf } from "../support/llm/identity-provider.ts";

test("a refresh token is exchanged for new tokens, with the expiry that the access token itself names", async (t) => {
  await using provider = await startIdentityProvider();
  const account = provider.issue();
  provider.lifeMs = 600_000;
  const refreshed = await createTokenEndpoint({ url: provider.url }).refresh(account.refreshToken);
  if (refreshed.kind !== "renewed") return t.fail(refreshed.reason);
  t.true(provider.isNewest(refreshed.accessToken));
  t.regex(refreshed.refreshToken ?? "", /^rt_/);
  t.true(Math.abs((refreshed.expiresAtMs ?? 0) - Date.now() - 600_000) < 5_000);
});

test("a spent refresh token and a revoked account are refused for good, by their codes alone", async (t) => {
  await using provider = await startIdentityProvider();
  const endpoint = createTokenEndpoint({ url: provider.url });
  const account = provider.issue();
  await endpoint.refresh(account.refreshToken);
  t.deepEqual(await endpoint.refresh(account.refreshToken), { kind: "refused", reason: "refresh_token_reused" });
  provider.revoke(account);
  t.deepEqual(await endpoint.refresh(account.refreshToken), { kind: "refused", reason: "invalid_grant" });
});

const json =
  (status: number, body: unknown, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

for (const [what, instead, expected] of [
  [
    "an error with a code in an object",
    json(401, { error: { code: "refresh_token_invalidated", message: "no" } }),
    "refused",
  ],
  ["a failing server", json(503, { error: "server_error" }), "unreachable"],
  ["too many requests", json(429, { error: "invalid_grant" }), "unreachable"],
  ["a client that is not known there", json(401, { error: "invalid_client" }), "unreachable"],
  ["a page of a proxy", (response: ServerResponse) => void response.writeHead(403).end("<html>"), "unreachable"],
  ["a redirect", json(302, {}, { location: "https://example.test/" }), "unreachable"],
  ["an answer without an access token", json(200, { token: "x" }), "unreachable"],
  ["an answer that is no JSON", (response: ServerResponse) => void response.end("soon"), "unreachable"],
  ["an answer without an end", (response: ServerResponse) => void response.end("x".repeat(400_000)), "unreachable"],
  ["a connection that breaks", (response: ServerResponse) => void response.destroy(), "unreachable"],
] as const) {
  test(`${what} counts as ${expected}, and nothing of the refresh token is in the reason`, async (t) => {
    await using provider = await startIdentityProvider();
    provider.instead = instead;
    const refreshed = await createTokenEndpoint({ url: provider.url }).refresh("rt_canary");
    t.is(refreshed.kind, expected);
    t.notRegex(JSON.stringify(refreshed), /canary/);
  });
}

test("an endpoint that does not answer is given up in time, and one that is not configured is not asked", async (t) => {
  await using provider = await startIdentityProvider();
  provider.instead = () => {};
  const endpoint = createTokenEndpoint({ url: provider.url, timeoutMs: 50 });
  t.deepEqual(await endpoint.refresh("rt_1"), {
    kind: "unreachable",
    reason: "The token endpoint did not answer in time.",
  });
  t.like(await createTokenEndpoint({}).refresh("rt_1"), { kind: "unreachable", reason: "POOL_TOKEN_URL is not set." });
});

test("the request is a form of OAuth, with the client id when there is one; expires_in counts where the token is opaque", async (t) => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(`${request.method} ${request.headers["content-type"]} ${body}`);
    response.end(
      JSON.stringify({ access_token: bodies.length === 1 ? "opaque" : tokenOf({ exp: 1 }), expires_in: "60" }),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const opaque = await createTokenEndpoint({ url }).refresh("a&b=c");
  t.true(opaque.kind === "renewed" && Math.abs((opaque.expiresAtMs ?? 0) - Date.now() - 60_000) < 5_000);
  const dated = await createTokenEndpoint({ url, clientId: "app-1" }).refresh("rt");
  t.like(dated, { kind: "renewed", expiresAtMs: 1_000, refreshToken: undefined });
  const type = "application/x-www-form-urlencoded;charset=UTF-8";
  t.deepEqual(bodies, [
    `POST ${type} grant_type=refresh_token&refresh_token=a%26b%3Dc`,
    `POST ${type} grant_type=refresh_token&refresh_token=rt&client_id=app-1`,
  ]);
  server.closeAllConnections();
  server.close();
});
