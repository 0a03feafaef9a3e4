// One try at an upstream of another format: how long it may be silent.
import { setImmediate } from "node:timers/promises";
import test from "ava";
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { createChatReader } from "../../actors/llm/reader.ts";
import { defaultRelayLimits } from "../../actors/relay/limits.ts";
import type { Transport } from "../../actors/relay/ports.ts";
import { tryProvider } from "../../actors/relay/provider-try.ts";
import type { Clock } from "../../actors/runtime/ports.ts";

const stallMs = 100;

test("the time for which the sink waits is not counted as silence of the upstream", async (t) => {
  const { clock, pass } = createStoppedClock();
  const taken = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let given = 0;
  const sink = {
    event() {
      given += 1;
      return given === 1 ? taken.promise : undefined;
    },
  };
  async function* stream() {
    yield { type: "delta", delta: { type: "text", text: "one" } } as const;
    await second.promise;
    yield { type: "delta", delta: { type: "text", text: "two" } } as const;
    yield { type: "finish", reason: "stop" } as const;
  }
  const limits = { ...defaultRelayLimits, firstTokenMs: stallMs, stallMs };
  const deps = { clock, limits, transport: notUsed, retryAfterOf: () => undefined };
  const call = { provider: { stream }, target, key: "", body: { model: "m", messages: [] }, id: "1" };
  const { signal } = new AbortController();
  const result = tryProvider(deps, call, { reader: createChatReader(), sink, signal });
  await setImmediate();
  t.is(given, 1);
  for (let passedMs = 0; passedMs < 3 * stallMs; passedMs += 10) pass(10);
  taken.resolve();
  await setImmediate();
  for (let passedMs = 10; passedMs < stallMs; passedMs += 10) pass(10);
  second.resolve();
  t.deepEqual((await result).end, { kind: "complete", reason: "stop" });
});

const notUsed: Transport = {
  send() {
    throw new Error("an adapter sends its requests itself");
  },
};
const target: UpstreamTarget = {
  ...{ provider: "anthropic", format: "anthropic", baseUrl: "http://upstream", model: "m" },
  ...{ credential: { kind: "none" }, isUserUrl: false },
};

/** A clock that stands still; `pass` moves it on and calls the callbacks that are due by then. */
function createStoppedClock(): { clock: Clock; pass(ms: number): void } {
  let nowMs = 1_000;
  let waiting: { atMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    soon: (callback) => queueMicrotask(callback),
    after(delayMs, callback) {
      const entry = { atMs: nowMs + delayMs, callback };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((each) => each !== entry);
      };
    },
  };
  return {
    clock,
    pass(ms) {
      nowMs += ms;
      const due = waiting.filter(({ atMs }) => atMs <= nowMs);
      waiting = waiting.filter(({ atMs }) => atMs > nowMs);
      for (const { callback } of due) callback();
    },
  };
}
