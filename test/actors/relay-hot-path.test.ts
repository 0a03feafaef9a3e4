// What keeps a request through the relay cheap: keys stay open, pieces of one read are written once, and a settle shares a commit.
import test from "ava";
import { gatherSettles } from "../../actors/account/gathered.ts";
import type { Secrets } from "../../actors/llm/contract.ts";
import { createChatReader } from "../../actors/llm/reader.ts";
import { type TryDeps, tryOverHttp } from "../../actors/relay/http-try.ts";
import { defaultRelayLimits } from "../../actors/relay/limits.ts";
import { rememberOpened } from "../../actors/relay/opened-secrets.ts";
import type { UpstreamHandler } from "../../actors/relay/ports.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { done, finish, role, text } from "../support/llm/openai-bytes.ts";

test("a key that was opened stays open", (t) => {
  const opened: string[] = [];
  const secrets: Secrets = {
    seal: (plain) => `sealed ${plain}`,
    open(sealed) {
      opened.push(sealed);
      if (sealed === "foreign") throw new Error("no key opens it");
      return sealed.slice("sealed ".length);
    },
  };
  const kept = rememberOpened(secrets);
  t.deepEqual([kept.open("sealed a"), kept.open("sealed b"), kept.open("sealed a")], ["a", "b", "a"]);
  t.deepEqual(opened, ["sealed a", "sealed b"]);
  t.throws(() => kept.open("foreign"));
  t.throws(() => kept.open("foreign"));
});

test("the pieces that one read of the connection brings are written once, and the last ones with the end", async (t) => {
  const bytes = (piece: string) => new TextEncoder().encode(piece);
  let upstream: UpstreamHandler | undefined;
  const transport: TryDeps["transport"] = {
    send(_, handler) {
      upstream = handler;
      return { abort() {}, pause() {}, resume() {} };
    },
  };
  const deps = { transport, clock: systemClock, limits: defaultRelayLimits, retryAfterOf: () => undefined };
  const writes: number[] = [];
  let given = 0;
  const sink = {
    event() {
      given += 1;
      return undefined;
    },
    flush: () => void writes.push(given),
  };
  const call = { method: "POST", url: "http://upstream/v1", headers: {}, isUserUrl: false, isPaidJob: false } as const;
  const { signal } = new AbortController();
  const result = tryOverHttp(deps, call, { reader: createChatReader(), sink, signal });
  upstream?.head(200, { "content-type": "text/event-stream" });
  for (const piece of [role, text("one"), text("two")]) upstream?.data(bytes(piece));
  t.deepEqual(writes, []);
  await Promise.resolve();
  t.deepEqual(writes, [3]);
  for (const piece of [text("three"), finish(), done]) upstream?.data(bytes(piece));
  t.is((await result).end.kind, "complete");
  t.is(given, 6);
});

test("a settle goes right before the payer's next hold, or after a moment, and at once when the process ends", async (t) => {
  const timers: (() => void)[] = [];
  const after = (_: number, callback: () => void) => {
    timers.push(callback);
    return () => {};
  };
  const settles = gatherSettles({ ...systemClock, after });
  const sent: string[] = [];
  const add = (payer: string, request: string) => settles.add(payer, async () => sent.push(request));
  const first = [add("alice", "a1"), add("alice", "a2"), add("bob", "b1")];
  t.deepEqual(sent, []);
  settles.sendOf("alice");
  t.deepEqual(sent, ["a1", "a2"]);
  const second = add("alice", "a3");
  t.is(timers.length, 3);
  timers[0]?.();
  t.deepEqual(sent, ["a1", "a2"], "the first moment is over, and a3 has one of its own");
  timers[2]?.();
  t.deepEqual(sent, ["a1", "a2", "a3"]);
  const failed = settles.add("carol", () => Promise.reject(new Error("the store is away")));
  settles.close();
  t.deepEqual(sent, ["a1", "a2", "a3", "b1"]);
  await t.throwsAsync(failed);
  const last = add("bob", "b2");
  t.deepEqual(sent, ["a1", "a2", "a3", "b1", "b2"]);
  await Promise.all([...first, second, last]);
});
