import test from "ava";
import { answerKeptMs } from "../../actors/once/contract.ts";
import { createOnce } from "../../actors/once/once.ts";
import { refusal } from "../support/chat-rig.ts";
import { LoneActor } from "../support/lone-actor.ts";

const answer = { status: 200, contentType: "application/json", requestId: "r1", attempts: 1, parts: 1 };

function open() {
  const closed = new Set<string>();
  const actor = new LoneActor(createOnce({ isClosed: (boot) => closed.has(boot), maxRequestMs: 60_000 }), "k");
  const begin = (requestId: string, { hash = "h", boot = "b1" } = {}) => actor.run("begin", { hash, requestId, boot });
  return { actor, closed, begin };
}

test("the first request runs, others wait for its answer and get it, another body is a conflict", async (t) => {
  const { actor, begin } = open();
  t.deepEqual(begin("r1"), { kind: "run" });
  t.deepEqual(begin("r2"), { kind: "running" });
  t.is(await refusal(() => begin("r3", { hash: "other" })), "common.conflict");
  actor.run("finish", { requestId: "r1", answer });
  t.deepEqual(begin("r4"), { kind: "done", answer });
  t.is(await refusal(() => begin("r5", { hash: "other" })), "common.conflict");
});

test("a request that is forgotten, whose host died, or that runs too long, is run anew; its late answer is ignored", (t) => {
  const { actor, closed, begin } = open();
  begin("r1");
  actor.run("forget", { requestId: "r1" });
  t.deepEqual(begin("r2"), { kind: "run" });
  closed.add("b1");
  t.deepEqual(begin("r3", { boot: "b2" }), { kind: "run" });
  actor.run("finish", { requestId: "r2", answer });
  t.deepEqual(begin("r4", { boot: "b2" }), { kind: "running" });
  actor.nowMs += 60_001;
  t.deepEqual(begin("r5", { boot: "b2" }), { kind: "run" });
});

test("an answer and its parts are kept for a day", (t) => {
  const { actor, begin } = open();
  begin("r1");
  actor.run("finish", { requestId: "r1", answer });
  actor.nowMs += answerKeptMs - 1;
  t.false(actor.wake());
  t.deepEqual(begin("r2"), { kind: "done", answer });
  actor.nowMs += 1;
  t.true(actor.wake());
  t.deepEqual(actor.state.current, { kind: "empty" });
  actor.run("putPart", { text: "abc" });
  actor.nowMs += answerKeptMs;
  t.true(actor.wake());
  t.deepEqual(actor.state.current, { kind: "empty" });
});
