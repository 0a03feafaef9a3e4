import test from "ava";
import { stopSubject } from "../../actors/reply/contract.ts";
import { responseKeptMs, responseLostMs } from "../../actors/response/contract.ts";
import { createResponse } from "../../actors/response/response.ts";
import { refusal } from "../support/chat-rig.ts";
import { LoneActor } from "../support/lone-actor.ts";

const owner = "7/1";
const body = JSON.stringify({ id: "resp_1", status: "in_progress", output: [] });
const event = (seq: number) => ({ seq, text: `data: ${seq}\n\n` });

function open() {
  const actor = new LoneActor(createResponse({ isClosed: () => false }), "resp_1");
  actor.run("begin", { owner, boot: "b1", body });
  return actor;
}
const read = (actor: ReturnType<typeof open>, afterSeq = -1, by = owner) => actor.ask("read", { owner: by, afterSeq });

test("events are read after any number, by the caller who made the response alone", async (t) => {
  const actor = open();
  t.deepEqual(actor.run("append", { events: [event(0), event(1)] }), { isOver: false });
  t.like(read(actor, 0), { status: "in_progress", isBackground: true, events: [event(1)] });
  t.is(await refusal(() => read(actor, 0, "8/1")), "llm.response_not_found");
  t.is(await refusal(() => actor.run("remove", { owner: "8/1" })), "llm.response_not_found");
  actor.run("finish", { owner, status: "completed", body: "{}", place: { upstreamId: "up" } });
  t.like(read(actor), { status: "completed", body: "{}", place: { upstreamId: "up" }, events: [event(0), event(1)] });
});

test("the first end counts: a cancelled response takes no events and no other end", (t) => {
  const actor = open();
  t.like(actor.run("cancel", { owner }), { status: "cancelled" });
  t.like(actor.notifications, [{ type: "reply.stop", target: { users: [stopSubject("resp_1")] } }]);
  t.deepEqual(actor.run("append", { events: [event(0)] }), { isOver: true });
  actor.run("finish", { owner, status: "completed", body: "{}" });
  t.like(read(actor), { status: "cancelled", events: [] });
  t.like(JSON.parse(read(actor).body), { status: "cancelled" });
});

test("a response whose host gives no sign has failed, and an ended one is forgotten in time", async (t) => {
  const actor = open();
  actor.nowMs += responseLostMs - 1;
  t.false(actor.wake());
  actor.run("append", { events: [] });
  actor.nowMs += responseLostMs;
  t.true(actor.wake());
  t.like(JSON.parse(read(actor).body), { status: "failed", error: { code: "server_error" } });
  actor.nowMs += responseKeptMs;
  t.true(actor.wake());
  t.is(await refusal(() => read(actor)), "llm.response_not_found");
});
