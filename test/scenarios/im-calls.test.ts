// Calls as devices see them, on a real node. The test reports each state of a call in place of the call's workflow.
import test from "ava";
import { Conversation } from "../../actors/conversation/contract.ts";
import type { BeginCall, UpdateCall } from "../../actors/user/call-contract.ts";
import { User } from "../../actors/user/contract.ts";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import type { TestDevice, TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
const isOf =
  (type: string, fields: Row = {}) =>
  ({ data }: TestFrame) =>
    data.type === type && Object.entries(fields).every(([name, value]) => data[name] === value);
const tells = (device: TestDevice, type: string, fields?: Row) => device.sees("NOTIFICATION", isOf(type, fields));

function actors() {
  const { host } = chat.node;
  if (!host) throw new Error("this node has no actors");
  return host.actors;
}

class TestCall {
  readonly callId: string;
  readonly caller: Person;
  readonly callee: Person;
  private constructor(callId: string, caller: Person, callee: Person) {
    this.callId = callId;
    this.caller = caller;
    this.callee = callee;
  }
  static async begins(caller: Person, callee: Person): Promise<TestCall> {
    const { callId } = await actors().get(User, caller.userId).newCallId({});
    const startedMs = Date.now();
    const line: Omit<BeginCall, "role" | "peerId"> = {
      ...{ callId, callType: "video", conversationId: caller.chatWith(callee), roomName: `call-${callId}` },
      ...{ startedMs, ringUntilMs: startedMs + 600_000, callerName: caller.name },
    };
    await actors()
      .get(User, caller.userId)
      .beginCall({ ...line, role: "caller", peerId: callee.userId });
    await actors()
      .get(User, callee.userId)
      .beginCall({ ...line, role: "callee", peerId: caller.userId });
    return new TestCall(callId, caller, callee);
  }
  async comesTo(update: Omit<UpdateCall, "callId">): Promise<void> {
    const { callId } = this;
    for (const { userId } of [this.caller, this.callee]) {
      await actors()
        .get(User, userId)
        .updateCall({ callId, ...update });
    }
  }
}

async function friends(): Promise<{ alice: Person; bob: Person }> {
  const [alice, bob] = await people(chat, "alice", "bob");
  await alice.befriends(bob);
  return { alice, bob };
}
async function currentCall(device: TestDevice, userVersion: number): Promise<Row | undefined> {
  const { data } = await device.asks("SYNC", {
    vector: {},
    userVersion,
    storeId: device.seen("CONNECT_ACK")[0]?.data.storeId,
  });
  const changes = data.changes as { type: string; items?: Row[] }[];
  return changes.flatMap(({ items = [] }) => items).find(({ type }) => type === "call");
}

test("every device of the callee rings until one answers, and both sides see the end", async (t) => {
  const { alice, bob } = await friends();
  const bobsPhone = await bob.opens(await bob.logsIn("iOS", "phone"));
  const [desk, bobsDesk] = await Promise.all([alice.connects(), bob.connects()]);
  const call = await TestCall.begins(alice, bob);
  const { callId } = call;
  for (const device of [bobsPhone, bobsDesk]) {
    const { data } = await tells(device, "livekit.call_invite", { callId });
    t.like(data, { roomName: `call-${callId}`, callType: "video", callerId: alice.userId, callerName: "alice" });
  }
  await tells(desk, "livekit.call_status", { callId, status: "calling" });
  await call.comesTo({ state: "connected", answeredBy: "phone" });
  for (const device of [desk, bobsPhone, bobsDesk]) {
    await tells(device, "livekit.call_status", { callId, status: "connected", answeredBy: "phone" });
  }
  await call.comesTo({ state: "ended", outcome: "completed" });
  for (const device of [desk, bobsPhone, bobsDesk]) {
    await tells(device, "livekit.call_status", { callId, status: "ended", outcome: "completed" });
  }
  t.deepEqual(bobsDesk.seen("NOTIFICATION", isOf("livekit.call_rejected")), []);
});

test("a device that comes back while a call rings finds the call, and one that comes back later finds none", async (t) => {
  const { alice, bob } = await friends();
  const phone = await bob.logsIn("iOS", "phone");
  (await bob.opens(phone)).disconnects();
  const call = await TestCall.begins(alice, bob);
  const back = await bob.opens(phone);
  const asked = await tells(back, "sync.request", { scope: "user" });
  const item = await currentCall(back, 1);
  t.like(item, { id: "current", call: { callId: call.callId, status: "calling", direction: "incoming" } });
  t.like(item?.call, { userId: alice.userId, callerName: "alice", callType: "video" });
  t.true(Number(asked.data.userVersion) >= Number(item?.version));
  back.disconnects();
  await call.comesTo({ state: "ended", outcome: "missed" });
  const late = await bob.opens(phone);
  await tells(late, "sync.request", { scope: "user" });
  t.like(await currentCall(late, Number(item?.version)), { id: "current", call: null, deleted: true });
});

test("only the caller is notified of a rejection", async (t) => {
  const { alice, bob } = await friends();
  const [desk, bobsDesk] = await Promise.all([alice.connects(), bob.connects()]);
  const call = await TestCall.begins(alice, bob);
  await call.comesTo({ state: "ended", outcome: "rejected" });
  const { callId } = call;
  t.like((await tells(desk, "livekit.call_rejected", { callId })).data, { reason: "reject", calleeId: bob.userId });
  await tells(bobsDesk, "livekit.call_status", { callId, status: "rejected" });
  t.deepEqual(bobsDesk.seen("NOTIFICATION", isOf("livekit.call_rejected")), []);
});

test.serial("a call stays in the chat and in both call lists across a restart", async (t) => {
  const { alice, bob } = await friends();
  const bobsDesk = await bob.connects();
  const call = await TestCall.begins(alice, bob);
  const { callId } = call;
  await call.comesTo({ state: "ended", outcome: "cancelled" });
  const ended = { callType: "video", outcome: "cancelled", durationMs: 0, startedMs: 7 } as const;
  const record = { callId, callerId: alice.userId, ...ended };
  const chatId = alice.chatWith(bob);
  const first = await actors().get(Conversation, chatId).recordCall(record);
  const content = { callId, callType: "video", outcome: "cancelled", duration: 0, startedAt: 7 };
  const message = await bobsDesk.sees("NEW_MESSAGE", ({ data }) => data.messageId === first.messageId);
  t.like(message.data, { contentType: "call_record", senderId: alice.userId, senderName: "alice", content });
  await chat.restart();
  t.deepEqual(await actors().get(Conversation, chatId).recordCall(record), first);
  await eventually(async () => (await bob.history(chatId)).length === 1);
  t.like(await bob.history(chatId), [{ contentType: "call_record", content }]);
  const [mine, bobs] = await Promise.all([alice, bob].map((who) => who.gets<{ calls: Row[] }>("/calls")));
  t.like(mine?.data.calls, [{ callId, direction: "outgoing", nickname: "bob", outcome: "cancelled", isMissed: false }]);
  t.like(bobs?.data.calls, [
    { callId, direction: "incoming", nickname: "alice", outcome: "cancelled", isMissed: true },
  ]);
  t.like(await bob.gets("/sessions"), { data: { sessions: [{ lastMessage: { content: "[video call]" } }] } });
});
