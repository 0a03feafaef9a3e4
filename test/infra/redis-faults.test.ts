// Redis is killed, paused, emptied, or cut off from one host: no call hangs, no read gets a stale head, and everything works
// again.
import type { ExecutionContext } from "ava";
import type { Head } from "../../actors/runtime/head.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { createCodes } from "../../infra/codes/codes.ts";
import { createMemoryRateLimits } from "../../infra/memory/rate-limits.ts";
import { openRedis, type RedisLink } from "../../infra/redis/client.ts";
import { createRedisCodeStore } from "../../infra/redis/codes.ts";
import { openRedisHeads, type RedisHeads } from "../../infra/redis/heads.ts";
import { createRedisPresence } from "../../infra/redis/presence.ts";
import { createRedisRateLimits } from "../../infra/redis/rate-limits.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { type Cuttable, startCuttable } from "../support/cuttable.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { startRedis, type TestServer } from "../support/stack.ts";

const test = needs("redis");

const answerMsMax = 400;
const leaseMs = 600;
const soonMs = 20_000; // this machine may be busy
const head = (version: number): Head => ({ version, seq: version, countSeq: version, updatedAtMs: version });

interface Place {
  server: TestServer;
  logged: string[];
  /** A host whose connection to Redis can be cut without the others'. */
  host(name: string): Promise<{ link: RedisLink; way: Cuttable }>;
  /** The heads of a host; `writers` are the hosts that may put. */
  heads(
    link: RedisLink,
    name: string | undefined,
    writers: () => string[],
    options?: { leaseMs?: number; maxRemembered?: number; isOpen?(): boolean },
  ): Promise<RedisHeads>;
}

async function withRedis(run: (place: Place) => Promise<void>): Promise<void> {
  const server = await startRedis();
  const open: (() => Promise<unknown>)[] = [];
  const logged: string[] = [];
  const keep = (message: string) => void logged.push(message);
  const log = { info: keep, warn: keep, error: keep };
  try {
    await run({
      server,
      logged,
      async host() {
        const way = await startCuttable(server.port);
        open.unshift(() => way.close());
        const url = `redis://127.0.0.1:${way.port}`;
        const link = await openRedis({ url, prefix: "p:", log, answerMsMax });
        open.unshift(() => link.close());
        return { link, way };
      },
      async heads(link, name, writers, options) {
        const made = await openRedisHeads({
          ...{ link, log, clock: systemClock, random: systemRandom, leaseMs },
          ...{ writer: () => name, writers, isOpen: () => true, ...options },
        });
        open.unshift(() => made.close());
        return made;
      },
    });
  } finally {
    for (const close of open) await close();
    await server.close();
  }
}

/** How the server stops, and how it works again. */
const outages: Record<string, { begin(server: TestServer): Promise<void>; end(server: TestServer): Promise<void> }> = {
  killed: { begin: (server) => server.kill9(), end: (server) => server.restart() },
  paused: { begin: async (server) => server.pause(), end: async (server) => server.resume() },
};
const isUnavailable = (error: unknown): boolean => error instanceof DomainError && error.error === "common.unavailable";

async function refuses(t: ExecutionContext, work: Promise<unknown>): Promise<void> {
  t.true(isUnavailable(await t.throwsAsync(work)));
}

test("a host starts while Redis is away: the log names the server without its password, and Redis is used once it answers", (t) =>
  withRedis(async ({ server }) => {
    const logged: string[] = [];
    const log = {
      ...silentLog,
      error: (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    };
    await server.kill9();
    const url = `redis://alice:s3cret@127.0.0.1:${server.port}/3`;
    const link = await openRedis({ url, prefix: "", log, firstConnectMs: 400, answerMsMax });
    t.is(link.state(), "away");
    t.regex(
      logged.join(),
      new RegExp(`starting without Redis.+redis://127.0.0.1:${server.port}/3 did not answer within 400 ms`),
    );
    t.false(logged.join().includes("s3cret"));
    await link.close();
    const patient = await openRedis({ url: server.url, prefix: "", log, firstConnectMs: 400, answerMsMax });
    await server.restart();
    await eventually(() => patient.state() === "up", soonMs);
    await patient.close();
  }));

test("a wrong password fails the start and is not in the error, a right one is accepted", (t) =>
  withRedis(async ({ server, host }) => {
    const { link } = await host("a");
    await link.client.config("SET", "requirepass", "s3cret");
    const options = { prefix: "", log: silentLog, firstConnectMs: 1_500, answerMsMax };
    const error = await t.throwsAsync(openRedis({ ...options, url: `redis://:wr0ng@127.0.0.1:${server.port}` }));
    t.regex(error?.message ?? "", /did not answer within 1500 ms: .*(WRONGPASS|NOAUTH)/);
    t.false(`${error?.message} ${error?.stack}`.includes("wr0ng"));
    const right = await openRedis({
      ...options,
      url: `redis://:s3cret@127.0.0.1:${server.port}`,
      firstConnectMs: soonMs,
    });
    t.is(await right.probe(), "up");
    await right.close();
  }));

for (const [name, { begin, end }] of Object.entries(outages)) {
  test(`while Redis is ${name}, every part works without it, and the outage is logged once`, (t) =>
    withRedis(async ({ server, logged, host, heads: open }) => {
      const { link } = await host("a");
      const log = { ...silentLog, warn: (message: string) => void logged.push(message) };
      const heads = await open(link, "a", () => ["a"]);
      const presence = createRedisPresence({ link, clock: systemClock, log });
      const limits = createRedisRateLimits({ link, local: createMemoryRateLimits(systemClock), log });
      const sender = { name: "test", send: async () => {} };
      const codes = createCodes({ sender, clock: systemClock, log, store: createRedisCodeStore({ link, log }) });
      const logins = { name: "logins", burst: 3, perMinute: 1, isShared: true } as const;
      await heads.put(new Map([["g_1", head(1)]]));
      await presence.online("alice", { connectionId: "c1", platform: "Web", atMs: 1 });
      await limits.takeShared(logins, "alice");
      t.is(await link.probe(), "up");

      await begin(server);
      // The first command may wait for its time-out. Each of these must end while Redis is away, else the test hangs.
      const put = heads.put(new Map([["g_1", head(2)]]));
      await t.throwsAsync(link.client.get("x"));
      await eventually(() => link.state() === "away", soonMs);
      await put;
      t.is((await heads.getMany(["g_1"])).size, 0);
      t.like(heads.status(), { isHeld: false, remembered: 1 });
      t.deepEqual(await presence.offline("alice", "c1", 2), { lastDevice: false });
      t.deepEqual(await presence.online("bob", { connectionId: "c2", platform: "Web", atMs: 1 }), {
        firstDevice: false,
      });
      await t.throwsAsync(presence.findMany(["alice"]));
      await presence.touch([{ userId: "bob", connectionId: "c2", platform: "Web" }]);
      // What Redis granted before is charged to the local bucket, too.
      for (const ok of [true, true, false, false]) t.like(await limits.takeShared(logins, "alice"), { ok });
      await refuses(t, codes.send({ target: "+861", purpose: "login" }));
      await refuses(t, codes.verify({ target: "+861", purpose: "login", code: "111111" }));
      await t.throwsAsync(link.probe(), { message: /^away since \d{4}-.*goes on/ });
      for (let n = 0; n < 50; n += 1) {
        const error = await t.throwsAsync(link.client.get("x"));
        t.notRegex(error?.message ?? "", /timed out/i, "while the link is away no command waits");
      }
      for (const line of [/^redis: connection lost/, /rate limits count per gateway/]) {
        t.is(logged.filter((each) => line.test(each)).length, 1, `${line} in ${logged.join("; ")}`);
      }
      // A put that begins after the loss of the connection is remembered at once and logs no failed write.
      t.true(logged.filter((each) => /heads not written/.test(each)).length <= 1);

      await end(server);
      await eventually(() => link.state() === "up" && heads.status().isHeld, soonMs);
      await heads.put(new Map([["g_1", head(3)]]));
      t.is((await heads.getMany(["g_1"])).get("g_1")?.version, 3);
      t.is(logged.filter((line) => line === "redis: connection restored").length, 1);
      await codes.send({ target: "+861", purpose: "login" });
      if (name === "paused") {
        await eventually(async () => (await presence.findMany(["alice"])).get("alice")?.isOnline === false, soonMs);
      }
    }));
}

test("after a restart of Redis presence is unknown until the gateways have touched their connections", (t) =>
  withRedis(async ({ server, host }) => {
    const { link } = await host("a");
    const log = silentLog;
    const presence = createRedisPresence({ link, clock: systemClock, log, touchedWithinMs: 1_000 });
    await presence.online("alice", { connectionId: "c1", platform: "Web", atMs: 1 });
    await link.client.flushall();
    await server.kill9();
    await eventually(() => link.state() === "away", soonMs);
    await server.restart();
    await eventually(() => link.state() === "up", soonMs);
    await refuses(t, presence.findMany(["alice"]));
    await presence.touch([{ userId: "alice", connectionId: "c1", platform: "Web" }]);
    await eventually(async () => {
      const known = await presence.findMany(["alice"]).catch(() => undefined);
      return known?.get("alice")?.isOnline === true;
    }, soonMs);
  }));

test("the heads that a cut-off host remembers hide every older head, and are written when it reaches Redis again", (t) =>
  withRedis(async ({ host, heads: open }) => {
    const [a, b] = await Promise.all([host("a"), host("b")]);
    const writers = () => ["a", "b"];
    const [cut, whole] = await Promise.all([open(a.link, "a", writers), open(b.link, "b", writers)]);
    await cut.put(new Map([["g_1", head(1)], ["g_2", head(1)]])); // biome-ignore format: two
    t.is((await whole.getMany(["g_1", "g_2"])).size, 2);
    a.way.cut();
    await cut.put(new Map([["g_1", head(2)]]));
    t.is((await whole.getMany(["g_1", "g_2"])).size, 0);
    t.is((await cut.getMany(["g_1"])).size, 0);
    a.way.join();
    await eventually(async () => (await whole.getMany(["g_2"])).size === 1, soonMs);
    t.is((await whole.getMany(["g_1"])).get("g_1")?.version, 2);
  }));

test("the heads that a restarted Redis restored from its disk are never read", (t) =>
  withRedis(async ({ server, host, heads: open }) => {
    const [a, b] = await Promise.all([host("a"), host("b")]);
    const long = { leaseMs: 60_000 };
    const writer = await open(a.link, "a", () => ["a"], long);
    const reader = await open(b.link, undefined, () => ["a"], long);
    await writer.put(new Map([["g_1", head(1)]]));
    t.is((await reader.getMany(["g_1"])).size, 1);
    // From here on Redis writes nothing to its disk.
    await a.link.client.config("SET", "appendonly", "no");
    await writer.put(new Map([["g_1", head(2)]]));
    a.way.cut();
    await server.kill9();
    await server.restart();
    await eventually(() => b.link.state() === "up", soonMs);
    t.regex((await b.link.client.get("p:head:g_1")) ?? "", /"version":1/);
    t.is(await b.link.client.exists("p:heads:lease:a"), 1);
    for (let n = 0; n < 10; n += 1) t.is((await reader.getMany(["g_1"])).size, 0);
  }));

test("the heads of a host that died with all its puts written stay readable", (t) =>
  withRedis(async ({ host, heads: open }) => {
    const [a, b] = await Promise.all([host("a"), host("b")]);
    let writers = ["a", "b"];
    const dead = await open(a.link, "a", () => writers, { leaseMs: 60_000 });
    const living = await open(b.link, "b", () => writers);
    await dead.put(new Map([["g_1", head(1)]]));
    a.way.cut();
    writers = ["b"];
    await living.writerLost("a");
    t.is((await living.getMany(["g_1"])).get("g_1")?.version, 1);
  }));

test("a host that others declared lost resolves no put that it could not write", (t) =>
  withRedis(async ({ host, heads: open }) => {
    const { link, way } = await host("a");
    let isOpen = true;
    const heads = await open(link, "a", () => ["a"], { leaseMs: 300, isOpen: () => isOpen });
    await heads.put(new Map([["g_1", head(1)]]));
    isOpen = false;
    way.cut();
    let isAnswered = false;
    const put = heads.put(new Map([["g_1", head(2)]])).then(() => {
      isAnswered = true;
    });
    await staysTrue(() => !isAnswered, 1_200); // four times its lease in Redis
    isOpen = true;
    await put;
    t.true(isAnswered);
  }));

test("the heads that a dead host remembered are lost: the cache is emptied, once however many hosts report it", (t) =>
  withRedis(async ({ host, heads: open }) => {
    const [a, b, c] = await Promise.all([host("a"), host("b"), host("c")]);
    let writers = ["a", "b", "c"];
    const [dead, ...living] = await Promise.all([
      open(a.link, "a", () => writers),
      open(b.link, "b", () => writers),
      open(c.link, "c", () => writers),
    ]);
    await dead.put(new Map([["g_1", head(1)]]));
    a.way.cut();
    await dead.put(new Map([["g_1", head(2)]]));
    writers = ["b", "c"];
    const [one, other] = living as [RedisHeads, RedisHeads];
    const reported = one.writerLost("a");
    t.is((await one.getMany(["g_1"])).size, 0);
    await reported;
    t.is((await one.getMany(["g_1"])).size, 0);
    // `one` reads the new generation with its first put at the latest.
    await one.put(new Map([["g_2", head(7)]]));
    await eventually(async () => {
      await one.put(new Map([["g_2", head(8)]]));
      return (await other.getMany(["g_2"])).size === 1;
    }, soonMs);
    await other.writerLost("a");
    t.is((await other.getMany(["g_2"])).get("g_2")?.version, 8);
    t.is((await other.getMany(["g_1"])).size, 0);
    // The host was not dead after all. Its remembered head is too old to be read as the newest, and the host may write again.
    writers = ["a", "b", "c"];
    a.way.join();
    await eventually(async () => (await other.getMany(["g_2"])).size === 1, soonMs);
    t.is((await other.getMany(["g_1"])).size, 0);
    t.true(dead.status().remembered === 0);
  }));

test("when more heads wait than can be remembered, lists ask the actors for all, none is stale, and memory is bounded", (t) =>
  withRedis(async ({ host, heads: open }) => {
    const [a, b] = await Promise.all([host("a"), host("b")]);
    const [cut, whole] = await Promise.all([
      open(a.link, "a", () => ["a"], { maxRemembered: 100 }),
      open(b.link, "b", () => ["a", "b"]),
    ]);
    const ids = Array.from({ length: 300 }, (_, n) => `g_${n}`);
    await cut.put(new Map(ids.map((id) => [id, head(1)])));
    a.way.cut();
    for (let from = 0; from < 300; from += 50) {
      await cut.put(new Map(ids.slice(from, from + 50).map((id) => [id, head(2)])));
      t.true(cut.status().remembered <= 100);
    }
    a.way.join();
    await eventually(() => cut.status().isHeld, soonMs);
    t.is((await whole.getMany(ids)).size, 0);
    await cut.put(new Map([["g_1", head(3)]]));
    t.is((await whole.getMany(ids)).get("g_1")?.version, 3);
  }));

test("a host that closes with unwritten heads reports that it is not clean", (t) =>
  withRedis(async ({ host, heads: open }) => {
    const [a, b] = await Promise.all([host("a"), host("b")]);
    const [cut, whole] = await Promise.all([open(a.link, "a", () => ["a"]), open(b.link, "b", () => ["b"])]);
    a.way.cut();
    await cut.put(new Map([["g_1", head(1)]]));
    t.deepEqual(await cut.close(), { clean: false });
    t.deepEqual(await whole.close(), { clean: true });
  }));
