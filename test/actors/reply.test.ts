import test from "ava";
import { stopSubject } from "../../actors/reply/contract.ts";
import { maxReplyBytes, maxSilenceMs, resumeMs, stopGraceMs } from "../../actors/reply/limits.ts";
import { reply } from "../../actors/reply/reply.ts";
import { refusal } from "../support/chat-rig.ts";
import { LoneActor } from "../support/lone-actor.ts";

const facts = {
  ...{ conversationId: "a_77", replyTo: "100", replyToSeq: 1, assistantId: "model-parrot", assistantOwnerId: "1001" },
  ...{ fromSeq: 1, payerId: "1001", target: { users: ["1001"] } },
};

function createReply() {
  const actor = new LoneActor(reply, "500");
  actor.run("create", facts);
  return actor;
}
type Lone = ReturnType<typeof createReply>;

const reportOf = ({ told }: Lone) => told.find(({ method }) => method === "replyEnded");
const frames = ({ notifications }: Lone) => notifications.map(({ frame, data }) => [frame, data.seq, data.delta]);

test("deltas are numbered, and each is one frame for all viewers", (t) => {
  const actor = createReply();
  t.is(actor.ask("read", { afterSeq: 0 }).status, "queued");
  t.deepEqual(actor.run("begin", {}), { attempt: 1 });
  t.deepEqual(actor.run("append", { attempt: 1, deltas: ["Good", " day"] }), { seq: 2, isStopped: false });
  t.deepEqual(frames(actor), [
    ["REPLY_CHUNK", 1, "Good"],
    ["REPLY_CHUNK", 2, " day"],
  ]);
  t.like(actor.notifications[0], { type: "reply.chunk", target: { users: ["1001"] } });
  t.like(actor.notifications[0]!.data, { replyId: "500", sessionId: "a_77", replyTo: "100", attempt: 1 });
  t.deepEqual(actor.run("append", { attempt: 1, deltas: [] }), { seq: 2, isStopped: false });
  t.deepEqual(frames(actor), []);
  const { deltas, firstSeq, seq } = actor.ask("read", { afterSeq: 1 });
  t.deepEqual({ deltas, firstSeq, seq }, { deltas: [" day"], firstSeq: 2, seq: 2 });
});

test("a repeated append adds nothing twice", (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, firstSeq: 1, deltas: ["a", "b"] });
  t.is(actor.run("append", { attempt: 1, firstSeq: 1, deltas: ["a", "b"] }).seq, 2);
  t.is(actor.run("append", { attempt: 1, firstSeq: 2, deltas: ["b", "c"] }).seq, 3);
  t.is(actor.ask("read", { afterSeq: 0 }).deltas.join(""), "abc");
});

test("a new attempt resets the viewers, and the older worker can neither append nor finish", async (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("begin", {});
  t.deepEqual(frames(actor), [], "nothing was seen of the first attempt");
  actor.run("append", { attempt: 2, deltas: ["old"] });
  actor.run("begin", {});
  t.like(actor.notifications[0], { frame: "REPLY_RESET" });
  t.like(actor.notifications[0]!.data, { attempt: 3 });
  t.is(await refusal(() => actor.run("append", { attempt: 2, deltas: ["late"] })), "llm.attempt_over");
  t.is(await refusal(() => actor.run("finish", { attempt: 2, status: "completed" })), "llm.attempt_over");
  actor.run("append", { attempt: 3, deltas: ["new"] });
  t.deepEqual(
    actor.ask("read", { afterSeq: 1, attempt: 2 }).deltas,
    ["new"],
    "a number of an older attempt is none of this",
  );
});

test("the first end wins, and the conversation learns it once, with the whole text", async (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, deltas: ["a", "b"] });
  t.deepEqual(actor.run("finish", { attempt: 1, status: "completed", extra: { model: "p" } }), { status: "completed" });
  t.like(reportOf(actor), {
    kind: "conversation",
    key: "a_77",
    input: { replyId: "500", status: "completed", text: "ab", extra: { model: "p" } },
  });
  t.deepEqual(actor.run("finish", { attempt: 1, status: "failed" }), { status: "completed" });
  t.is(reportOf(actor), undefined);
  t.deepEqual(actor.run("stop", { userId: "1001" }), { status: "completed" });
  for (const attempt of [() => actor.run("begin", {}), () => actor.run("append", { attempt: 1, deltas: ["c"] })])
    t.is(await refusal(attempt), "llm.reply_over");
  actor.run("stored", { messageId: "900" });
  t.like(actor.ask("read", { afterSeq: 1 }), { status: "completed", messageId: "900", deltas: ["b"] });
});

test("a reply that nobody works on stops at once", (t) => {
  const actor = createReply();
  t.deepEqual(actor.run("stop", { userId: "1001" }), { status: "stopped" });
  t.like(reportOf(actor)?.input, { status: "stopped", text: "" });
});

test("the worker of a running reply is asked to stop, by its next append and on the subject of the reply", (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, deltas: ["half"] });
  t.deepEqual(actor.run("stop", { userId: "1001" }), { status: "running" });
  t.like(actor.notifications, [{ type: "reply.stop", target: { users: [stopSubject("500")] } }]);
  actor.run("stop", { userId: "1001" });
  t.deepEqual(actor.notifications, [], "it is asked once");
  t.true(actor.run("append", { attempt: 1, deltas: [] }).isStopped);
  actor.run("finish", { attempt: 1, status: "stopped" });
  t.like(reportOf(actor)?.input, { status: "stopped", text: "half" });
});

test("a stop ends the reply though its worker is gone", (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, deltas: ["half"] });
  actor.run("stop", { userId: "1001" });
  t.false(actor.wake());
  actor.nowMs += stopGraceMs;
  t.true(actor.wake());
  t.like(reportOf(actor)?.input, { status: "stopped", text: "half" });
});

test("a running reply without a sign of its worker ends as failed, with what was written", (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.nowMs += maxSilenceMs - 1;
  actor.run("append", { attempt: 1, deltas: ["half"] });
  actor.nowMs += maxSilenceMs - 1;
  t.false(actor.wake());
  actor.nowMs += 1;
  t.true(actor.wake());
  t.like(reportOf(actor)?.input, { status: "failed", text: "half", error: { code: "common.unavailable" } });
});

test("a reply whose process begins nothing ends as failed; one that waits for others does not", (t) => {
  const waiting = new LoneActor(reply, "502");
  waiting.run("create", { ...facts, isWaiting: true });
  waiting.nowMs += 10 * maxSilenceMs;
  t.false(waiting.wake());
  waiting.run("start", {});
  waiting.run("start", {});
  waiting.nowMs += maxSilenceMs;
  t.true(waiting.wake());
  t.like(reportOf(waiting)?.input, { status: "failed", text: "" });
  const first = createReply();
  first.nowMs += maxSilenceMs;
  t.true(first.wake());
});

test("a reply that is too long ends as failed with what fits, and its worker is asked to end", (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, deltas: ["\n".repeat(maxReplyBytes / 2)] });
  t.deepEqual(actor.run("append", { attempt: 1, deltas: ["你"] }), { seq: 1, isStopped: true });
  t.like(reportOf(actor)?.input, { status: "failed", error: { code: "message.too_long" } });
  t.deepEqual(actor.run("finish", { attempt: 1, status: "completed" }), { status: "failed" });
});

test("a discarded reply ends at once, reports nothing, and asks its worker to end", async (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, deltas: ["half"] });
  actor.run("discard", {});
  t.is(reportOf(actor), undefined);
  t.like(actor.notifications, [{ type: "reply.stop" }]);
  t.is(await refusal(() => actor.run("append", { attempt: 1, deltas: ["x"] })), "llm.reply_over");
});

test("the text is kept until it is stored and for resuming viewers, then it is forgotten", (t) => {
  const actor = createReply();
  actor.run("begin", {});
  actor.run("append", { attempt: 1, deltas: ["hello"] });
  actor.run("finish", { attempt: 1, status: "completed" });
  actor.nowMs += 10 * resumeMs;
  t.false(actor.wake(), "the conversation has not stored it yet");
  actor.run("stored", { messageId: "900" });
  t.true(actor.wake());
  t.like(actor.ask("read", { afterSeq: 0 }), { status: "completed", messageId: "900", isForgotten: true });
  t.deepEqual(actor.ask("read", { afterSeq: 0 }).deltas, []);
  t.false(actor.wake());
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("a process that gives up before the first attempt ends the reply; one that was never asked is not found", async (t) => {
  const actor = createReply();
  actor.run("finish", { attempt: 0, status: "failed", error: { code: "llm.no_config", message: "no" } });
  t.like(reportOf(actor)?.input, { status: "failed", text: "", error: { code: "llm.no_config" } });
  const unknown = new LoneActor(reply, "501");
  for (const attempt of [
    () => unknown.ask("read", { afterSeq: 0 }),
    () => unknown.run("begin", {}),
    () => unknown.run("stop", { userId: "1001" }),
  ])
    t.is(await refusal(attempt), "llm.reply_not_found");
});
