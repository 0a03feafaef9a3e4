import { createMemoryRateLimits } from "../../infra/memory/rate-limits.ts";
import { openRedis, type RedisLink } from "../../infra/redis/client.ts";
import { createRedisCodeStore } from "../../infra/redis/codes.ts";
import { openRedisHeads } from "../../infra/redis/heads.ts";
import { createRedisPresence } from "../../infra/redis/presence.ts";
import { createRedisRateLimits } from "../../infra/redis/rate-limits.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { codesSuite } from "../suites/codes.ts";
import { headsSuite } from "../suites/heads.ts";
import { presenceSuite } from "../suites/presence.ts";
import { rateLimitsSuite } from "../suites/rate-limits.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { startRedis, type TestServer } from "../support/stack.ts";

const test = needs("redis");

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let count = 0;
let server: TestServer;

test.before(async () => {
  server = await startRedis();
});
test.after.always(() => server?.close());

/** The links of several gateways of one system; each test has a system of its own. */
async function openLinks(names: number): Promise<{ links: RedisLink[]; close(): Promise<void> }> {
  count += 1;
  const prefix = `t${count}:`;
  const links = await Promise.all(
    Array.from({ length: names }, () => openRedis({ url: server.url, prefix, log: silentLog })),
  );
  return { links, close: async () => void (await Promise.all(links.map((link) => link.close()))) };
}

headsSuite(test, "Redis heads", async () => {
  const { links, close } = await openLinks(1);
  const heads = await openRedisHeads({
    ...{ link: links[0]!, clock: systemClock, random: systemRandom, log: silentLog },
    ...{ writer: () => "a", writers: () => ["a"], isOpen: () => true },
  });
  return {
    heads,
    async close() {
      await heads.close();
      await close();
    },
  };
});

presenceSuite(test, "Redis presence", async () => {
  const { links, close } = await openLinks(1);
  const ttlMs = 3_000;
  const presence = createRedisPresence({ link: links[0]!, clock: systemClock, log: silentLog, ttlMs });
  return { presence, ttlMs, pass: wait, close };
});

rateLimitsSuite(test, "Redis limits", async () => {
  const { links, close } = await openLinks(2);
  const [east, west] = links.map((link) =>
    createRedisRateLimits({ link, local: createMemoryRateLimits(systemClock), log: silentLog }),
  );
  return { east: east!, west: west!, pass: wait, close };
});
rateLimitsSuite(test, "memory limits", async () => {
  let ms = 0;
  const limits = createMemoryRateLimits({ monotonicMs: () => ms });
  const pass = async (passedMs: number): Promise<void> => {
    ms += passedMs;
  };
  return { east: limits, west: limits, pass, close: async () => {} };
});

codesSuite(test, "Redis codes", async () => {
  const { links, close } = await openLinks(2);
  const [east, west] = links.map((link) => createRedisCodeStore({ link, log: silentLog }));
  return { east: east!, west: west!, pass: wait, close };
});

test("of devices that connect at two gateways at the same time exactly one is the first", async (t) => {
  const { links, close } = await openLinks(2);
  const gateways = links.map((link) => createRedisPresence({ link, clock: systemClock, log: silentLog }));
  for (let round = 0; round < 20; round += 1) {
    const device = (n: number) => ({ connectionId: `c${n}`, platform: "Web", atMs: 1 });
    const came = await Promise.all(gateways.map((gateway, n) => gateway.online("alice", device(n))));
    t.is(came.filter(({ firstDevice }) => firstDevice).length, 1);
    const went = await Promise.all(gateways.map((gateway, n) => gateway.offline("alice", `c${n}`, 2)));
    t.is(went.filter(({ lastDevice }) => lastDevice).length, 1);
  }
  await close();
});

test("every key but the generation expires, and no key contains an account or an address", async (t) => {
  const { links, close } = await openLinks(1);
  const [link] = links as [RedisLink];
  const deps = { link, clock: systemClock, random: systemRandom, log: silentLog };
  const heads = await openRedisHeads({ ...deps, writer: () => "a", writers: () => ["a"], isOpen: () => true });
  await heads.put(new Map([["g_1", { version: 1, seq: 1, countSeq: 1, updatedAtMs: 1 }]]));
  await heads.writerLost("b");
  await createRedisPresence(deps).online("7", { connectionId: "c", platform: "Web", atMs: 1 });
  const limits = createRedisRateLimits({ link, local: createMemoryRateLimits(systemClock), log: silentLog });
  await limits.takeShared({ name: "logins", burst: 5, perMinute: 5, isShared: true }, "email:alice@example.test");
  const rules = { lifeMs: 1_000, maxTries: 1, pauseMs: 0, maxPerWindow: 5, windowMs: 1_000 };
  await createRedisCodeStore({ link, log: silentLog }).keep({ target: "mac", purpose: "login", hash: "mac" }, rules);
  const keys = (await link.client.keys(`${link.prefix}*`)).sort();
  t.is(keys.length, 7, keys.join(" "));
  t.false(keys.join().includes("alice"));
  for (const key of keys) {
    if (key === `${link.prefix}heads:gen`) continue;
    t.true((await link.client.pttl(key)) > 0, key);
  }
  await heads.close();
  await close();
});
