import test from "ava";
import { createRevocations } from "../../infra/control/revocations.ts";
import { createMemoryBus } from "../../infra/memory/bus.ts";
import { createMemoryControl } from "../../infra/memory/control.ts";
import { createMemoryHeads } from "../../infra/memory/heads.ts";
import { createMemoryPresence } from "../../infra/memory/presence.ts";
import { createMemoryRateLimits } from "../../infra/memory/rate-limits.ts";
import { createMemoryTransport } from "../../infra/memory/transport.ts";
import { startMemoryReturn } from "../../infra/system/memory-return.ts";
import { busSuite } from "../suites/bus.ts";
import { controlSuite } from "../suites/control.ts";
import { eventually } from "../suites/eventually.ts";
import { headsSuite } from "../suites/heads.ts";
import { journalSuite } from "../suites/journal.ts";
import { presenceSuite } from "../suites/presence.ts";
import { readersSuite } from "../suites/readers.ts";
import { transportSuite } from "../suites/transport.ts";
import { usageSuite } from "../suites/usage.ts";
import { viewsSuite } from "../suites/views.ts";
import { createMemoryJournal } from "../support/memory-journal.ts";
import { createMemoryViews } from "../support/memory-views.ts";

const close = async (): Promise<void> => {};
const wallClock = { nowMs: () => Date.now() };

journalSuite(test, "memory journal", async () => ({ journal: createMemoryJournal(), close }));
viewsSuite(test, "memory views", async () => ({ store: createMemoryViews(), close }));
readersSuite(test, "memory readers", async () => ({ store: createMemoryViews(), close }));
usageSuite(test, "memory usage", async () => ({ store: createMemoryViews(), close }));
headsSuite(test, "memory heads", async () => ({ heads: createMemoryHeads(), close }));
controlSuite(test, "memory control", async () => ({ control: createMemoryControl(wallClock), close }));
busSuite(test, "memory bus", async () => {
  const bus = createMemoryBus();
  return { sink: bus.sink, createSource: async () => bus.createSource(), close };
});
transportSuite(test, "memory transport", async () => {
  const transport = createMemoryTransport();
  return { createTransport: async () => transport, close };
});
presenceSuite(test, "memory presence", async () => {
  let nowMs = 1_767_225_600_000;
  const ttlMs = 1_000;
  const presence = createMemoryPresence({ clock: { nowMs: () => nowMs }, ttlMs });
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  return { presence, ttlMs, pass, close };
});

test("heads beyond the limit are dropped, the heads written longest ago first", async (t) => {
  const heads = createMemoryHeads({ maxHeads: 2 });
  const head = { version: 1, seq: 1, countSeq: 1, updatedAtMs: 1 };
  for (const id of ["g_1", "g_2", "g_1", "g_3"]) await heads.put(new Map([[id, head]]));
  t.deepEqual([...(await heads.getMany(["g_1", "g_2", "g_3"])).keys()], ["g_1", "g_3"]);
});

test("a gateway whose handler throws gets a gap, and the other gateways get the notification", async (t) => {
  const errors: unknown[] = [];
  const bus = createMemoryBus({ onError: (error) => errors.push(error) });
  const [broken, sound] = [bus.createSource(), bus.createSource()];
  const received: string[] = [];
  broken.onNotification(() => {
    throw new Error("bug");
  });
  broken.onGap(() => received.push("gap"));
  sound.onNotification((_, users) => received.push(...users));
  for (const source of [broken, sound]) source.addUser("alice");
  const notification = { type: "message.new", target: { users: ["alice"] }, atMs: 1, frame: "NEW_MESSAGE", data: {} };
  bus.sink.publish([notification as never]);
  t.deepEqual(received, [], "nothing is delivered inside the publisher's turn");
  await bus.sink.flush();
  t.deepEqual(received, ["gap", "alice"]);
  t.is(errors.length, 1);
});

test("a token bucket empties, its refusal names the wait, and the bucket fills again", (t) => {
  let ms = 0;
  const limits = createMemoryRateLimits({ monotonicMs: () => ms });
  const sends = { name: "sends", burst: 3, perMinute: 60 };
  for (let n = 0; n < 3; n++) t.deepEqual(limits.take(sends, "alice"), { ok: true });
  t.deepEqual(limits.take(sends, "alice"), { ok: false, retryAfterMs: 1_000 });
  t.deepEqual(limits.take(sends, "bob"), { ok: true });
  t.deepEqual(limits.take({ ...sends, name: "logins" }, "alice"), { ok: true });
  ms += 1_000;
  t.deepEqual(limits.take(sends, "alice"), { ok: true });
  t.deepEqual(limits.take(sends, "alice", 2), { ok: false, retryAfterMs: 2_000 });
  ms += 3_600_000;
  t.deepEqual(limits.take(sends, "alice", 3), { ok: true });
  t.like(limits.take(sends, "alice"), { ok: false });
});

test("buckets beyond the limit are dropped, the bucket unused longest first", (t) => {
  const limits = createMemoryRateLimits({ monotonicMs: () => 0 }, { maxBuckets: 2 });
  const once = { name: "once", burst: 1, perMinute: 1 };
  for (const key of ["a", "b", "a", "c"]) limits.take(once, key);
  t.like(limits.take(once, "a"), { ok: false });
  t.like(limits.take(once, "b"), { ok: true });
});

test("a revoked login is refused at every gateway, also at a gateway that starts later", async (t) => {
  const control = createMemoryControl(wallClock);
  const options = { control, clock: wallClock, keptMs: 7_200_000 };
  const first = createRevocations(options);
  const notified: string[] = [];
  first.onRevoked((loginId, reason) => notified.push(`${loginId} ${reason}`));
  t.false(first.isRevoked("7"));
  await first.revoke(["7", "8"], "multi_login");
  await first.revoke(["7"], "logout");
  const second = createRevocations(options);
  await eventually(() => second.isRevoked("7") && second.isRevoked("8") && first.isRevoked("8"));
  t.deepEqual(notified, ["7 multi_login", "8 multi_login"]);
  t.false(second.isRevoked("9"));
});

test("the memory of a burst is returned once the process was nearly idle for a minute, and again only after it has grown", (t) => {
  const mib = 1024 * 1024;
  const process = { heap: 40 * mib, utilization: 0.9, collections: 0 };
  const checks: { check: () => void; afterMs: number }[] = [];
  const clock = {
    after(afterMs: number, check: () => void) {
      checks.push({ check, afterMs });
      return () => void checks.splice(0);
    },
  };
  const memoryReturn = startMemoryReturn(clock, {
    utilization: () => process.utilization,
    heapBytes: () => process.heap,
    collect() {
      process.collections += 1;
      process.heap = 70 * mib;
    },
  });
  const pass = (ms: number): void => {
    for (let leftMs = ms; checks[0] !== undefined && checks[0].afterMs <= leftMs; ) {
      const { check, afterMs } = checks.shift()!;
      leftMs -= afterMs;
      check();
    }
  };
  process.heap = 240 * mib;
  pass(120_000);
  t.is(process.collections, 0, "the process is busy");
  process.utilization = 0.01;
  pass(30_000);
  t.is(process.collections, 0, "clients may come back in another wave");
  process.utilization = 0.5;
  pass(30_000);
  process.utilization = 0.01;
  pass(30_000);
  t.is(process.collections, 0, "the minute starts again after a wave");
  pass(30_000);
  t.is(process.collections, 1);
  process.heap = 120 * mib;
  pass(120_000);
  t.is(process.collections, 1, "the heap has grown too little");
  process.heap = 140 * mib;
  pass(60_000);
  t.is(process.collections, 2);
  memoryReturn.stop();
  t.is(checks.length, 0);
});
