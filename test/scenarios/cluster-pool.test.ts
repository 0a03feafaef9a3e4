// Accounts of a pool over three hosts: each refresh token is good for one use, and every host wants a new token at once.
import { randomBytes } from "node:crypto";
import type { Grant } from "../../actors/llm/contract.ts";
import { statusOf } from "../../actors/pool/status.ts";
import { createSecrets } from "../../infra/crypto/secrets.ts";
import { startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { startIdentityProvider } from "../support/llm/identity-provider.ts";
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
import { needs } from "../support/needs.ts";

const test = needs("cassandra", "nats", "redis");
const secrets = createSecrets([{ id: "test", key: randomBytes(32) }]);
const names = ["one", "two", "three"] as const;
let cluster: TestCluster;

test.before(async () => {
  cluster = await startTestCluster({ hosts: Object.fromEntries(names.map((name) => [name, ["actors", "gateway"]])) });
});
test.after.always(() => cluster?.close());

const actorsOf = (name: string) => cluster.host(name).node.actors;
const statusIn = async (pool: string, id: string) => statusOf(await factsOf(actorsOf("one"), pool, id), Date.now());

test.serial(
  "an account's storm at three hosts costs one refresh, a second one when its token is refused, and none after that",
  async (t) => {
    await using provider = await startIdentityProvider();
    const pool = `pool-${randomBytes(4).toString("hex")}`;
    const gateways = names.map((name) => poolGateway(actorsOf(name), secrets, provider));
    const at = (i: number) => gateways[i % 3] as (typeof gateways)[number];
    const account = provider.issue({ expiresInMs: -1_000 });
    const id = await addAccount(actorsOf("two"), pool, importedOf(account, secrets));

    provider.delayMs = 800;
    const [grants, , manual] = await Promise.all([
      Promise.all(sixty.map((i) => grantFrom(at(i), pool))),
      at(1).refreshDue(pool, [{ credentialId: id, tokenVersion: 1 }]),
      at(2)
        .refreshNow(pool, id)
        .then(
          () => "refreshed",
          ({ error }) => error,
        ),
    ]);
    t.true(grants.every(({ accessToken }) => provider.isNewest(accessToken)));
    t.is(provider.journal.length, 1);
    t.true(["refreshed", "common.conflict"].includes(manual), manual);

    const renewed = await Promise.all(grants.map((grant, i) => at(i).renew(grant)));
    t.true(renewed.every((grant) => grant && provider.isNewest(grant.accessToken)));
    t.is(renewedTimes(provider), 2);

    const again = await Promise.all(renewed.map((grant, i) => at(i).renew(grant as Grant)));
    t.deepEqual(new Set(again), new Set([undefined]), "the refreshed token is refused, too");
    await Promise.all(renewed.map((grant, i) => at(i).report(grant as Grant, { kind: "unauthorized", capability })));
    t.is(provider.journal.length, 2);
    t.is((await statusIn(pool, id)).status, "cooling");
    const other = await addAccount(actorsOf("three"), pool, importedOf(provider.issue(), secrets));
    for (const gateway of gateways) t.is((await grantFrom(gateway, pool)).credentialId, other);
  },
);

test.serial("invalid_grant is asked for once, whichever host asks", async (t) => {
  await using provider = await startIdentityProvider();
  const pool = `pool-${randomBytes(4).toString("hex")}`;
  const gateways = names.map((name) => poolGateway(actorsOf(name), secrets, provider));
  const account = provider.issue();
  const id = await addAccount(actorsOf("one"), pool, importedOf(account, secrets));
  const grants = await Promise.all(gateways.map((gateway) => grantFrom(gateway, pool)));
  provider.revoke(account);
  provider.delayMs = 200;
  const renewed = await Promise.all(gateways.map((gateway, i) => gateway.renew(grants[i] as Grant)));
  t.deepEqual(renewed, [undefined, undefined, undefined]);
  t.deepEqual(
    provider.journal.map(({ outcome }) => outcome),
    ["invalid_grant"],
  );
  t.deepEqual(await statusIn(pool, id), { status: "refresh_failed", reason: "invalid_grant" });
});

test.serial("a host that stops during a refresh, perhaps with the actor of the pool, costs no account", async (t) => {
  await using provider = await startIdentityProvider();
  const pool = `pool-${randomBytes(4).toString("hex")}`;
  const [one, two] = [poolGateway(actorsOf("one"), secrets, provider), poolGateway(actorsOf("two"), secrets, provider)];
  await addAccount(actorsOf("one"), pool, importedOf(provider.issue({ expiresInMs: -1_000 }), secrets));
  provider.delayMs = 500;
  const [grant] = await Promise.all([grantFrom(one, pool), cluster.host("three").restart()]);
  t.true(provider.isNewest(grant.accessToken));
  t.is((await grantFrom(two, pool)).accessToken, grant.accessToken);
  t.is(provider.journal.length, 1);
});
