// Calls as the two users and their conversation remember them.
import test from "ava";
import { maxCallMs, ringMarginMs } from "../../actors/shared/call.ts";
import type { BeginCall, UpdateCall } from "../../actors/user/call-contract.ts";
import { maxCallsKept } from "../../actors/user/calls.ts";
import { alice, bob, carol, createChatRig, createFriends, message, refusal } from "../support/chat-rig.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { user } from "../support/user-behaviour.ts";

const ringMs = 60_000;

function person(userId: string) {
  const who = new LoneActor(user, userId);
  who.run("create", { nickname: `name of ${userId}`, phone: "", email: "", account: "", atMs: 1 });
  return who;
}
type Who = ReturnType<typeof person>;

function begins(who: Who, callId: string, role: "caller" | "callee", peerId: string, more: Partial<BeginCall> = {}) {
  return who.run("beginCall", {
    ...{ callId, role, peerId, callType: "audio", conversationId: "s_1001_1002", roomName: `call-${callId}` },
    ...{ startedMs: who.nowMs, ringUntilMs: who.nowMs + ringMs, ...more },
  });
}
function updates(who: Who, callId: string, state: "connected" | "ended", more: Partial<UpdateCall> = {}) {
  return who.run("updateCall", { callId, state, ...more });
}
const told = ({ notifications }: Who) => notifications.map(({ type, data }) => ({ type, ...data }));
const lastCalls = (who: Who, limit = 10) => who.ask("calls", { from: { offset: 0 }, limit }).calls;
const callItem = (who: Who, sinceVersion = 0) => {
  const { items, version } = who.ask("items", { sinceVersion, types: ["call"] });
  return { item: items[0], count: items.length, version };
};

test("all devices of the callee ring with what they need to show and to answer; the caller's devices see the call", (t) => {
  const [caller, callee] = [person(alice), person(bob)];
  const name = { callerName: "Alice", callerAvatar: "a.png", callType: "video" as const };
  t.deepEqual(begins(callee, "7", "callee", alice, name), { kind: "begun" });
  const common = { callId: "7", roomName: "call-7", callType: "video", callerId: alice, calleeId: bob };
  const [rings] = callee.notifications;
  t.like(rings, { type: "livekit.call_invite", frame: "NOTIFICATION", target: { users: [bob] }, fromUserId: alice });
  t.like(rings?.data, { ...common, callerName: "Alice", callerAvatar: "a.png", sessionId: "s_1001_1002" });
  t.like(rings?.data, { startedAt: callee.nowMs, ringUntil: callee.nowMs + ringMs, userVersion: 2 });
  begins(caller, "7", "caller", bob, name);
  t.like(told(caller), [{ type: "livekit.call_status", ...common, status: "calling", userVersion: 2 }]);
  t.like(caller.notifications, [{ target: { users: [alice] } }]);
});

test("one call at a time: another call gets the call that has the line, and the callee keeps it as missed", (t) => {
  const who = person(bob);
  begins(who, "7", "callee", alice);
  t.deepEqual(begins(who, "8", "callee", carol), { kind: "busy", callId: "7", peerId: alice, role: "callee" });
  t.like(told(who), [
    { type: "livekit.call_status", callId: "8", status: "rejected", outcome: "busy", isMissed: true },
  ]);
  t.is(who.notifications[0]?.data.userVersion, undefined, "no item of the user changed");
  t.deepEqual(begins(who, "9", "caller", carol), { kind: "busy", callId: "7", peerId: alice, role: "callee" });
  t.deepEqual(told(who), [], "the user made that change");
  updates(who, "7", "ended", { outcome: "rejected" });
  t.deepEqual(begins(who, "10", "caller", carol), { kind: "begun" });
  t.like(
    lastCalls(who).map(({ callId, state, outcome, isMissed }) => [callId, state, outcome, isMissed]),
    [
      ["10", "ringing", undefined, undefined],
      ["7", "ended", "rejected", undefined],
      ["8", "ended", "busy", true],
    ],
  );
});

test("two users who call each other at the same moment have not missed each other", (t) => {
  const who = person(bob);
  begins(who, "8", "caller", alice);
  t.deepEqual(begins(who, "7", "callee", alice), { kind: "busy", callId: "8", peerId: alice, role: "caller" });
  t.deepEqual(told(who), []);
  updates(who, "8", "ended", { outcome: "cancelled" });
  t.deepEqual(begins(who, "7", "callee", alice), { kind: "begun" });
  t.like(told(who), [{ type: "livekit.call_invite", callId: "7" }]);
});

test("an update that arrives twice changes the call once", (t) => {
  const who = person(bob);
  const twice = (act: () => unknown) => {
    const first = act();
    const records = who.records.length;
    t.deepEqual([act(), who.records.length, told(who)], [first, records, []]);
  };
  twice(() => begins(who, "7", "callee", alice));
  twice(() => begins(who, "8", "callee", carol));
  twice(() => updates(who, "7", "connected", { answeredBy: "phone" }));
  twice(() => updates(who, "7", "ended", { outcome: "completed" }));
  twice(() => begins(who, "7", "callee", alice));
  twice(() => updates(who, "9", "ended", { outcome: "missed" }));
  t.is(lastCalls(who).length, 2);
  // The line that a call found busy was freed, and the call tries again.
  t.deepEqual(begins(who, "8", "callee", carol), { kind: "begun" });
  t.deepEqual(
    lastCalls(who).map(({ callId, state }) => [callId, state]),
    [
      ["8", "ringing"],
      ["7", "ended"],
    ],
  );
});

test("every device learns which device answered; a call may change its type, and stays ended as it ended", (t) => {
  const who = person(alice);
  const startedMs = who.nowMs;
  begins(who, "7", "caller", bob);
  updates(who, "7", "connected", { connectedMs: startedMs + 5_000, answeredBy: "bobs-phone" });
  const status = { type: "livekit.call_status", callId: "7", answeredBy: "bobs-phone", connectedAt: startedMs + 5_000 };
  t.like(told(who), [{ ...status, status: "connected", callType: "audio", userVersion: 3 }]);
  updates(who, "7", "connected", { callType: "video", connectedMs: startedMs + 9_000 });
  t.like(told(who), [{ ...status, callType: "video" }]);
  updates(who, "7", "ended", { outcome: "completed", endedMs: startedMs + 68_500 });
  t.like(told(who), [{ ...status, status: "ended", outcome: "completed", duration: 63, userVersion: 5 }]);
  updates(who, "7", "connected", { callType: "audio" });
  updates(who, "7", "ended", { outcome: "failed" });
  t.deepEqual(told(who), []);
  const { call } = who.ask("call", { callId: "7", operation: "call.view" });
  t.deepEqual(call, {
    ...{ callId: "7", state: "ended", outcome: "completed", callType: "video", callerId: alice, calleeId: bob },
    ...{ conversationId: "s_1001_1002", roomName: "call-7", startedMs, connectedMs: startedMs + 5_000 },
    ...{ endedMs: startedMs + 68_500, answeredBy: "bobs-phone" },
  });
  t.is(lastCalls(who)[0]?.durationMs, 63_500);
});

test("the caller learns of a rejection and its reason; a callee who let it ring has missed the call, one who rejected has not", (t) => {
  const ends = (role: "caller" | "callee", outcome: UpdateCall["outcome"]) => {
    const who = person(alice);
    begins(who, "7", role, bob);
    updates(who, "7", "ended", { outcome });
    const [status, ...more] = told(who) as Record<string, unknown>[];
    return { status: status?.status, isMissed: status?.isMissed, more: more.map(({ type, reason }) => [type, reason]) };
  };
  const rejected = (reason: string) => [["livekit.call_rejected", reason]];
  t.deepEqual(ends("caller", "rejected"), { status: "rejected", isMissed: undefined, more: rejected("reject") });
  t.deepEqual(ends("caller", "busy"), { status: "rejected", isMissed: undefined, more: rejected("busy") });
  t.deepEqual(ends("caller", "missed"), { status: "ended", isMissed: undefined, more: [] });
  t.deepEqual(ends("callee", "rejected"), { status: "rejected", isMissed: undefined, more: [] });
  t.deepEqual(ends("callee", "busy"), { status: "rejected", isMissed: undefined, more: [] });
  for (const outcome of ["missed", "cancelled"] as const) {
    t.deepEqual(ends("callee", outcome), { status: "ended", isMissed: true, more: [] });
  }
});

test("a device that comes online while it rings finds the call among the items, and afterwards its tombstone", (t) => {
  const who = person(bob);
  t.is(callItem(who).count, 0);
  begins(who, "7", "callee", alice);
  const ringing = callItem(who, 1);
  t.like(ringing.item, {
    type: "call",
    id: "current",
    version: 2,
    call: { callId: "7", state: "ringing", peerId: alice },
  });
  updates(who, "7", "connected", { answeredBy: "phone" });
  t.like(callItem(who, ringing.version).item, { call: { state: "connected", answeredBy: "phone" } });
  updates(who, "7", "ended", { outcome: "completed" });
  t.like(callItem(who, ringing.version), { item: { id: "current", call: null, deleted: true, version: 4 }, count: 1 });
  for (const callId of ["8", "9", "10"]) {
    begins(who, callId, "caller", alice);
    updates(who, callId, "ended", { outcome: "missed" });
  }
  t.is(callItem(who, 1).count, 1, "however many calls there were, one tombstone");
  t.is(callItem(who, who.ask("items", { sinceVersion: 0 }).version).count, 0);
});

test("a line that nobody freed in time is free, and the call that had it reads as ended", (t) => {
  const who = person(bob);
  begins(who, "7", "callee", alice);
  const startedMs = who.nowMs;
  who.nowMs += ringMs + ringMarginMs;
  t.like(begins(who, "8", "callee", carol), { kind: "busy", callId: "7" });
  who.nowMs += 1;
  t.like(callItem(who, 1).item, { deleted: true, call: null });
  t.like(lastCalls(who)[0], { callId: "7", state: "ended", outcome: "missed", isMissed: true });
  t.like(who.ask("call", { callId: "7", operation: "call.token" }).call, { state: "ended", outcome: "missed" });
  t.deepEqual(begins(who, "9", "callee", carol), { kind: "begun" });
  t.like(told(who), [
    { type: "livekit.call_status", callId: "7", status: "ended", outcome: "missed", endedAt: startedMs + ringMs },
    { type: "livekit.call_invite", callId: "9" },
  ]);
  updates(who, "9", "connected", {});
  const connectedMs = who.nowMs;
  who.nowMs += maxCallMs;
  t.like(begins(who, "10", "caller", alice), { kind: "busy", callId: "9" });
  who.nowMs += 1;
  t.like(lastCalls(who)[0], { callId: "9", outcome: "failed", endedMs: connectedMs + maxCallMs });
  t.deepEqual(begins(who, "10", "caller", alice), { kind: "begun" });
  t.deepEqual(
    lastCalls(who).map(({ callId }) => callId),
    ["10", "9", "7", "8"],
  );
});

test("a user keeps the last calls, page by page, across snapshots", (t) => {
  const who = person(alice);
  who.isChecked = false;
  const outcomes = ["missed", "rejected", "busy", "cancelled", "failed"] as const;
  for (let i = 1; i <= maxCallsKept + 3; i += 1) {
    begins(who, `c${i}`, i % 2 ? "caller" : "callee", bob, { callerName: "Bob", callerAvatar: "b.png" });
    if (i % 3 === 0) updates(who, `c${i}`, "connected", { answeredBy: "d" });
    updates(who, `c${i}`, "ended", { outcome: outcomes[i % 5] });
  }
  begins(who, "now", "callee", bob);
  const page = who.ask("calls", { from: { offset: 1 }, limit: 2 });
  t.is(page.total, maxCallsKept + 1);
  t.deepEqual(
    page.calls.map(({ callId }) => callId),
    [`c${maxCallsKept + 3}`, `c${maxCallsKept + 2}`],
  );
  t.is(who.ask("calls", { from: { offset: 200 }, limit: 10 }).calls[0]?.callId, "c4");
  t.is(who.ask("calls", { from: { offset: 0 }, limit: 1_000 }).calls.length, maxCallsKept);
  t.deepEqual(who.replayed(300), who.state);
  t.deepEqual(who.replayed(who.records.length), who.state);
});

test("a snapshot from before there were calls has none", (t) => {
  const who = person(alice);
  const { calls: _, lists, ...older } = JSON.parse(who.encoded());
  delete lists.call;
  t.deepEqual(user.decode({ ...older, lists }, alice), who.state);
});

test("a user cannot see the calls of others, and an unknown user is not called", async (t) => {
  const who = person(carol);
  for (const operation of ["call.view", "call.accept", "call.token"] as const) {
    t.is(await refusal(() => who.ask("call", { callId: "7", operation })), "rtc.call_not_found");
  }
  t.is(await refusal(() => begins(new LoneActor(user, "5"), "7", "callee", alice)), "user.not_found");
  t.is(await refusal(() => begins(who, "x".repeat(49), "callee", alice)), "common.invalid");
  const { callId } = who.run("newCallId", {});
  t.true(Number(who.run("newCallId", {}).callId) > Number(callId));
});

const record = { callId: "7", callerId: alice, callType: "video", durationMs: 63_900, startedMs: 5 } as const;

test("a call leaves one message of the caller, also after the friendship ended, and also when it is recorded twice", async (t) => {
  const { rig } = await createFriends();
  await rig.run("block", { by: bob });
  rig.takeNotifications();
  const first = await rig.run("recordCall", { ...record, outcome: "completed" });
  const [told] = rig.takeNotifications();
  t.like(told, { type: "message.new", target: { users: [alice, bob] }, exceptDeviceId: undefined });
  t.like(told?.data, { senderId: alice, contentType: "call_record", messageId: first.messageId, seq: first.seq });
  t.deepEqual(told?.data.content, {
    ...{ callId: "7", callType: "video", outcome: "completed", duration: 63, startedAt: 5 },
  });
  t.is(rig.behaviour.head?.(rig.state)?.last?.preview, "[video call]");
  rig.nowMs += 1_000;
  t.deepEqual(await rig.run("recordCall", { ...record, outcome: "completed" }), first);
  t.deepEqual(rig.takeNotifications(), []);
  t.is(
    await refusal(() => rig.run("recordCall", { ...record, callerId: carol, outcome: "failed" })),
    "session.not_found",
  );
  t.is(
    await refusal(() => createChatRig("g_77").rig.run("recordCall", { ...record, outcome: "failed" })),
    "session.not_found",
  );
});

test("no user can write a call's message, nor take its key", async (t) => {
  const { rig } = await createFriends();
  const content = { callId: "7", callType: "audio", outcome: "completed", duration: 9 };
  const forged = message(alice, content, { contentType: "call_record" });
  t.is(await refusal(() => rig.run("send", forged)), "message.type_unknown");
  t.is(await refusal(() => rig.run("send", message(alice, "hi", { clientMsgId: "call:7" }))), "common.invalid");
  t.is((await rig.run("recordCall", { ...record, outcome: "missed" })).seq, 1);
});

test("the rules of sending hold for calls", async (t) => {
  const mayCall = (rig: Awaited<ReturnType<typeof createFriends>>["rig"], callerId = alice, calleeId = bob) =>
    refusal(() => rig.query("mayCall", { callerId, calleeId }));
  const { rig } = await createFriends();
  t.deepEqual(
    [
      await mayCall(rig),
      await mayCall(rig, bob, alice),
      await mayCall(rig, carol, bob),
      await mayCall(rig, alice, carol),
    ],
    ["", "", "session.not_found", "session.not_found"],
  );
  await rig.run("block", { by: bob });
  t.deepEqual([await mayCall(rig), await mayCall(rig, bob, alice)], ["message.blocked", "message.blocked"]);
  t.is(await mayCall(createChatRig().rig), "message.not_friends");
  t.is(await mayCall(createChatRig(undefined, { rules: { requireFriend: false } }).rig), "");
});

test("pages of calls that go on behind the last one repeat none, though newer ones came", (t) => {
  const who = person(alice);
  for (let i = 1; i <= 7; i += 1) {
    begins(who, `c${i}`, "caller", bob);
    updates(who, `c${i}`, "ended", { outcome: "missed" });
  }
  const found: string[] = [];
  for (let after: string | undefined, hasMore = true; hasMore; ) {
    const page: ReturnType<typeof ask> = ask(after);
    found.push(...page.calls.map(({ callId }) => callId));
    ({ hasMore } = page);
    after = found.at(-1);
    begins(who, `new ${found.length}`, "callee", bob);
    updates(who, `new ${found.length}`, "ended", { outcome: "missed" });
  }
  function ask(after: string | undefined) {
    return who.ask("calls", { from: { after }, limit: 2 });
  }
  t.deepEqual(found, ["c7", "c6", "c5", "c4", "c3", "c2", "c1"]);
  t.deepEqual(who.ask("calls", { from: { after: "unknown" }, limit: 2 }).calls, []);
});
