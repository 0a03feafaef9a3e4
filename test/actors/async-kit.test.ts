// The small tools of actors/shared that time, bound and count work.
import test from "ava";
import { Backoff } from "../../actors/shared/backoff.ts";
import { decodeBase64, encodeBase64 } from "../../actors/shared/base64.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import { Gate } from "../../actors/shared/gate.ts";
import { mapBounded } from "../../actors/shared/map-bounded.ts";
import { every, sleep, type Timer } from "../../actors/shared/sleep.ts";
import { utf8Length } from "../../actors/shared/utf8.ts";
import { Watermark } from "../../actors/shared/watermark.ts";
import { waitAtMost, withTimeout } from "../../actors/shared/with-timeout.ts";

test("the pauses of a back-off double up to their limit, and begin anew after a success", (t) => {
  const backoff = new Backoff({ minMs: 50, maxMs: 300 });
  t.deepEqual(
    [backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()],
    [50, 100, 200, 300, 300],
  );
  backoff.reset();
  t.is(backoff.next(), 50);
});

test("pauses with chance lie between the half and the whole", (t) => {
  let unit = 0;
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000, unit: () => unit });
  t.is(backoff.next(), 50);
  unit = 0.5;
  t.is(backoff.next(), 150);
});

test("a sleep ends when the clock says so", async (t) => {
  const timer = handTimer();
  let isOver = false;
  const slept = sleep(timer, 20).then(() => {
    isOver = true;
  });
  timer.pass(19);
  await Promise.resolve();
  t.false(isOver);
  timer.pass(1);
  await slept;
  t.true(isOver);
});

test("work at intervals goes on until it is cancelled, also by itself", (t) => {
  const timer = handTimer();
  let runs = 0;
  const cancel = every(timer, 10, () => {
    runs += 1;
    if (runs === 3) cancel();
  });
  t.is(runs, 0);
  for (let i = 0; i < 5; i += 1) timer.pass(10);
  t.is(runs, 3);
  t.is(timer.waiting, 0);
});

test("work in time gives its result, and leaves no timer", async (t) => {
  const timer = handTimer();
  t.is(await withTimeout(timer, 100, Promise.resolve("done"), () => new Error("late")), "done");
  await waitAtMost(timer, 100, Promise.resolve());
  t.is(timer.waiting, 0);
});

test("work that is late is answered with the caller's error; its own outcome is ignored", async (t) => {
  const timer = handTimer();
  const { promise, reject } = Promise.withResolvers<string>();
  const answered = withTimeout(timer, 100, promise, () => new Error("late"));
  timer.pass(100);
  await t.throwsAsync(answered, { message: "late" });
  reject(new Error("nobody waits for this"));
  const unending = waitAtMost(timer, 100, new Promise(() => {}));
  timer.pass(100);
  await t.notThrowsAsync(unending);
});

test("work that fails in time fails its waiters, and leaves no timer", async (t) => {
  const timer = handTimer();
  const fails = () => Promise.reject(new Error("broken"));
  await t.throwsAsync(
    withTimeout(timer, 100, fails(), () => new Error("late")),
    { message: "broken" },
  );
  await t.throwsAsync(waitAtMost(timer, 100, fails()), { message: "broken" });
  t.is(timer.waiting, 0);
});

test("a gate keeps its number of places, also when tasks fail, and its order", async (t) => {
  const gate = new Gate(2);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const tasks = [1, 2, 3, 4, 5].map((n) =>
    gate.run(async () => {
      began.push(n);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (n === 2) throw new Error("broken");
    }),
  );
  const outcomes = await Promise.allSettled(tasks);
  t.deepEqual(began, [1, 2, 3, 4, 5]);
  t.is(most, 2);
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"],
  );
});

test("a bounded map-over keeps the order of its items, and starts nothing after a failure", async (t) => {
  const doubled = await mapBounded([1, 2, 3], 2, async (n, index) => {
    if (n === 1) await new Promise((resolve) => setImmediate(resolve));
    return n * 2 + index * 100;
  });
  t.deepEqual(doubled, [2, 104, 206]);
  t.deepEqual(await mapBounded([], 2, async () => 1), []);
  const started: number[] = [];
  const failing = mapBounded([1, 2, 3, 4], 1, async (n) => {
    started.push(n);
    if (n === 2) throw new Error("broken");
  });
  await t.throwsAsync(failing, { message: "broken" });
  t.deepEqual(started, [1, 2]);
  const ended: number[] = [];
  const twoAtOnce = mapBounded([1, 2], 2, async (n) => {
    if (n === 1) throw new Error("first");
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(n);
  });
  await t.throwsAsync(twoAtOnce, { message: "first" });
  t.deepEqual(ended, [2], "the run under way had ended before");
});

test("a bounded map drops its oldest entry; a value set anew keeps its age, a renewed one is the youngest", (t) => {
  const map = new BoundedMap<string, number>(2, [["a", 1]]);
  map.set("b", 2).set("a", 3).set("c", 4);
  t.deepEqual(
    [...map],
    [
      ["b", 2],
      ["c", 4],
    ],
  );
  map.renew("b", 5).set("d", 6);
  t.deepEqual(
    [...map],
    [
      ["b", 5],
      ["d", 6],
    ],
  );
});

test("a watermark follows the numbers without a hole, whatever their order", (t) => {
  const seen = new Watermark(3);
  t.true(seen.add(5));
  t.true(seen.hasHole);
  t.deepEqual([seen.upTo, seen.has(4), seen.has(5)], [3, false, true]);
  t.false(seen.add(5));
  t.false(seen.add(2));
  t.true(seen.add(4));
  t.deepEqual([seen.upTo, seen.hasHole], [5, false]);
  seen.add(9);
  seen.add(11);
  seen.raise(8);
  t.deepEqual([seen.upTo, seen.hasHole], [9, true]);
  seen.raise(7);
  t.is(seen.upTo, 9);
  seen.raise(20);
  t.deepEqual([seen.upTo, seen.hasHole], [20, false]);
});

test("a watermark remembers only so many numbers ahead of a hole", (t) => {
  const seen = new Watermark(0, 2);
  for (const n of [3, 4, 5]) seen.add(n);
  t.deepEqual([seen.has(3), seen.has(4), seen.has(5)], [true, true, false]);
  seen.add(1);
  seen.add(2);
  t.is(seen.upTo, 4);
});

test("the length in UTF-8 is what an encoder makes of the text", (t) => {
  const texts = [
    "",
    "plain",
    "é",
    "你好",
    "👍🏽",
    "\ud83d",
    "\udc4d",
    "\ud83d\ud83d\udc4d",
    "a\udc4d\ud83db",
    "\u07ff\u0800\uffff",
  ];
  for (const text of texts) t.is(utf8Length(text), new TextEncoder().encode(text).length, JSON.stringify(text));
});

test("bytes come back from base64, with and without padding, in every length", (t) => {
  for (const length of [0, 1, 2, 3, 4, 100, 8_191, 8_192, 8_193, 40_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) % 256);
    const padded = Buffer.from(bytes).toString("base64");
    t.is(encodeBase64(bytes), padded.replace(/=+$/, ""));
    t.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
    t.deepEqual(decodeBase64(padded), bytes);
  }
});

/** A timer whose time passes by hand. */
function handTimer(): Timer & { pass(ms: number): void; readonly waiting: number } {
  let nowMs = 0;
  const entries = new Set<{ atMs: number; callback: () => void }>();
  return {
    after(delayMs, callback) {
      const entry = { atMs: nowMs + delayMs, callback };
      entries.add(entry);
      return () => entries.delete(entry);
    },
    pass(ms) {
      nowMs += ms;
      for (const entry of [...entries]) {
        if (entry.atMs > nowMs || !entries.delete(entry)) continue;
        entry.callback();
      }
    },
    get waiting() {
      return entries.size;
    },
  };
}
