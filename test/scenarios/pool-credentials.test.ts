// Accounts as requests use them: several gateways of one node, a token endpoint with single-use refresh tokens.
import { randomBytes } from "node:crypto";
import test from "ava";
import type { Grant } from "../../actors/llm/contract.ts";
import { statusOf } from "../../actors/pool/status.ts";
import { createSecrets } from "../../infra/crypto/secrets.ts";
import { createTokenEndpoint } from "../../infra/llm/token-endpoint.ts";
import { eventually } from "../suites/eventually.ts";
import { type IssuedAccount, startIdentityProvider } from "../support/llm/identity-provider.ts";
import {
  addAccount,
  capability,
  factsOf,
  grantFrom,
  importedOf,
  poolGateway,
  renewedTimes,
  sixty,
} from "../support/llm/pool-gateway.ts";
import { startTestNode } from "../support/start-node.ts";

const secrets = createSecrets([{ id: "test", key: randomBytes(32) }]);

async function startPool() {
  const provider = await startIdentityProvider();
  const node = await startTestNode();
  const pool = `pool-${randomBytes(4).toString("hex")}`;
  const newGateway = () => poolGateway(node.node.actors, secrets, provider);
  return {
    ...{ provider, node, pool, newGateway },
    gateways: [newGateway(), newGateway(), newGateway()] as const,
    add: (account: IssuedAccount) => addAccount(node.node.actors, pool, importedOf(account, secrets)),
    facts: (credentialId: string) => factsOf(node.node.actors, pool, credentialId),
    async [Symbol.asyncDispose]() {
      await node.close();
      await provider[Symbol.asyncDispose]();
    },
  };
}

test("60 requests at three gateways with one expired account, the timer and an administrator: one refresh, all served", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  const id = await world.add(provider.issue({ expiresInMs: -1_000 }));
  provider.delayMs = 800;
  const due = [{ credentialId: id, tokenVersion: 1 }];
  const [grants, , manual] = await Promise.all([
    Promise.all(sixty.map((i) => grantFrom(gateways[i % 3] ?? gateways[0], pool))),
    gateways[1].refreshDue(pool, due),
    gateways[2].refreshNow(pool, id).then(
      () => "refreshed",
      ({ error }) => error,
    ),
  ]);
  t.true(grants.every(({ accessToken }) => provider.isNewest(accessToken)));
  t.is(provider.journal.length, 1);
  t.true(["refreshed", "common.conflict"].includes(manual), manual);
});

test("60 requests whose valid token the upstream refuses: one refresh, and each goes on with the new token", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  const id = await world.add(provider.issue());
  provider.delayMs = 200;
  const grants = await Promise.all(sixty.map((i) => grantFrom(gateways[i % 3] ?? gateways[0], pool)));
  const renewed = await Promise.all(grants.map((grant, i) => (gateways[i % 3] ?? gateways[0]).renew(grant)));
  t.true(renewed.every((grant) => grant && provider.isNewest(grant.accessToken)));
  t.is(renewedTimes(provider), 1);

  t.is(await gateways[0].renew(renewed[0] as Grant), undefined, "refused again: a refresh does not help");
  for (const gateway of gateways) await gateway.report(renewed[0] as Grant, { kind: "unauthorized", capability });
  t.is(provider.journal.length, 1);
  t.like(statusOf(await world.facts(id), Date.now()), { status: "cooling", reason: "The upstream refuses its token." });
  t.like(await gateways[0].acquire({ pool, capability }), { kind: "cooling" });
});

test("a token that has worked is refreshed again when it is refused later", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  await world.add(provider.issue());
  const renewed = await gateways[0].renew(await grantFrom(gateways[0], pool));
  await gateways[0].report(renewed as Grant, { kind: "ok", capability });
  const again = await gateways[1].renew(renewed as Grant);
  t.is(again?.tokenVersion, 3);
  t.is(renewedTimes(provider), 2);
});

test("invalid_grant ends the tries, the account says why, and requests go to the next one", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  const account = provider.issue();
  const id = await world.add(account);
  const grant = await grantFrom(gateways[0], pool);
  const other = await world.add(provider.issue());
  provider.revoke(account);
  t.deepEqual(await Promise.all(gateways.map((gateway) => gateway.renew(grant))), [undefined, undefined, undefined]);
  for (const gateway of gateways) t.is((await grantFrom(gateway, pool)).credentialId, other);
  t.is(await gateways[1].renew(grant), undefined);
  t.deepEqual(
    provider.journal.map(({ outcome }) => outcome),
    ["invalid_grant"],
  );
  t.deepEqual(statusOf(await world.facts(id), Date.now()), { status: "refresh_failed", reason: "invalid_grant" });
});

test("a refresh token that was spent elsewhere: newer tokens that were imported meanwhile are used", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  const account = provider.issue({ expiresInMs: 600_000 });
  const id = await world.add(account);
  const grant = await grantFrom(gateways[0], pool);
  const elsewhere = await createTokenEndpoint({ url: provider.url }).refresh(account.refreshToken);
  if (elsewhere.kind !== "renewed") return t.fail();
  provider.delayMs = 300;
  const [renewed] = await Promise.all([
    gateways[0].renew(grant),
    world.add({ ...account, accessToken: elsewhere.accessToken, refreshToken: elsewhere.refreshToken ?? "" }),
  ]);
  t.true(provider.isNewest(renewed?.accessToken ?? ""));
  t.is(statusOf(await world.facts(id), Date.now()).status, "active");
});

test("an account that cools is not used, after a restart neither", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  const [a, b] = [await world.add(provider.issue()), await world.add(provider.issue())];
  const grant = await grantFrom(gateways[0], pool, [b]);
  t.is(grant.credentialId, a);
  await gateways[0].report(grant, { kind: "rate_limited", capability, retryAfterMs: 300_000 });
  for (let i = 0; i < 4; i += 1) t.is((await grantFrom(gateways[0], pool)).credentialId, b);
  await world.node.restart();
  const later = world.newGateway();
  for (let i = 0; i < 4; i += 1) t.is((await grantFrom(later, pool)).credentialId, b);
});

test("when its cooling is over, one request over all gateways probes an account, and its success brings it back", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  const [a, b] = [await world.add(provider.issue()), await world.add(provider.issue())];
  const grant = await grantFrom(gateways[0], pool, [b]);
  await gateways[0].report(grant, { kind: "rate_limited", capability, retryAfterMs: 0 });
  const chosen = await Promise.all(sixty.map((i) => grantFrom(gateways[i % 3] ?? gateways[0], pool)));
  t.is(chosen.filter(({ credentialId }) => credentialId === a).length, 1);
  await gateways[1].report(grant, { kind: "ok", capability });
  const after = [await grantFrom(gateways[1], pool), await grantFrom(gateways[1], pool)];
  t.deepEqual(after.map(({ credentialId }) => credentialId).toSorted(), [a, b].toSorted());
});

test("when all accounts cool, the answer is the shortest wait; an empty pool has none", async (t) => {
  await using world = await startPool();
  const { provider, pool, gateways } = world;
  t.deepEqual(await gateways[0].acquire({ pool, capability }), { kind: "none" });
  await world.add(provider.issue());
  await world.add(provider.issue());
  const gateway = world.newGateway();
  const first = await grantFrom(gateway, pool);
  await gateway.report(first, { kind: "rate_limited", capability, retryAfterMs: 50_000 });
  const second = await grantFrom(gateway, pool, [first.credentialId]);
  await gateway.report(second, { kind: "rate_limited", capability, retryAfterMs: 20_000 });
  const answer = await gateway.acquire({ pool, capability, tried: [first.credentialId, second.credentialId] });
  t.true(answer.kind === "cooling" && answer.retryAfterMs > 15_000 && answer.retryAfterMs <= 20_000);
});

test("the timer refreshes a token before it expires, without any request", async (t) => {
  await using provider = await startIdentityProvider();
  const key = randomBytes(32).toString("base64");
  await using node = await startTestNode({ env: { POOL_TOKEN_URL: provider.url, ENCRYPTION_KEY: `test:${key}` } });
  const account = provider.issue({ expiresInMs: 4_000 });
  const sealed = createSecrets([{ id: "test", key: Buffer.from(key, "base64") }]);
  await addAccount(node.node.actors, "default", importedOf(account, sealed));
  await eventually(() => !provider.isNewest(account.accessToken));
  t.is(renewedTimes(provider), 1);
});
