// Devices of one user: kicked, away, back, new, or pulling by themselves; and a restart of the node under all of them.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { callApi, Person } from "../support/person.ts";
import { misfits, type Shape } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf, TestDevice, type TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ limits: { maxPushAtConnect: 5 } });
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
type Result = { changes: Row[]; cursor: number; hasMore: boolean; full: boolean; storeId: string; vector: Row };
const saying = (text: string) => (frame: TestFrame) => frame.data.content === text;
const texts = (device: TestDevice) => device.seen("NEW_MESSAGE").map(({ data }) => data.content);
const contents = (change: Row | undefined) => ((change?.messages ?? []) as Row[]).map(({ content }) => content);
const result: Shape = {
  ...{ changes: "array", cursor: "number", hasMore: "boolean", full: "boolean", storeId: "string", vector: "object" },
};

async function friends(at = chat): Promise<{ alice: Person; bob: Person; id: string }> {
  const [alice, bob] = await people(at, "alice", "bob");
  await alice.befriends(bob);
  await Promise.all([alice.connects(), bob.connects()]);
  return { alice, bob, id: alice.chatWith(bob) };
}
async function syncs(device: TestDevice, from: Row): Promise<Result> {
  const answer = await device.asks("SYNC", from);
  if (answer.type !== "SYNC_RESULT") throw new Error(JSON.stringify(answer));
  return answer.data as unknown as Result;
}
const changeOf = (sync: Result, id: string) => sync.changes.find(({ sessionId }) => sessionId === id);

test("a second device of the same class takes the place of the first; another class does not", async (t) => {
  const { alice, bob } = await friends();
  const phone = await alice.logsIn("iOS", "phone");
  const [desk, phoneSocket] = [alice.device, await alice.opens(phone)];
  const newPhone = await alice.logsIn("Android", "new-phone");
  const frame = await phoneSocket.sees("FORCE_LOGOUT");
  t.deepEqual(misfits(frame.data, { reason: ["multi_login"], message: "string", timestamp: "time" }), []);
  t.is(await phoneSocket.closes(), 4403);
  t.is(phoneSocket.seen("FORCE_LOGOUT").length, 1);
  const refused = await callApi(chat.port, "GET", "/users/me", { token: phone.token });
  t.like(refused, { status: 401, code: 10104 });
  t.is((await callApi(chat.port, "POST", "/auth/refresh", { token: phone.refreshToken })).code, 10106);
  const late = new TestDevice(`ws://127.0.0.1:${chat.port}/ws?token=${phone.token}&deviceId=phone&platform=iOS`);
  t.is((await late.sees("CONNECT_ERROR")).code, 401);
  t.is(await late.closes(), 4401);
  t.is(desk.closeCode, undefined);
  const socket = await alice.opens(newPhone);
  await bob.says(alice, "which phone?");
  for (const device of [desk, socket]) await device.sees("NEW_MESSAGE", saying("which phone?"));
});

test("the same device comes back without a kick, and its older socket is closed", async (t) => {
  const { alice } = await friends();
  const first = alice.device;
  await alice.connects();
  t.is(await first.closes(), 4010);
  t.deepEqual(first.seen("FORCE_LOGOUT"), []);
  const again = await alice.logsIn("PC", alice.deviceId);
  t.is(await alice.device.closes(), 4010);
  t.deepEqual(alice.device.seen("FORCE_LOGOUT"), []);
  await alice.opens(again);
});

test("messages sent while a device was away are pushed when it comes back, in order, and not again once acknowledged", async (t) => {
  const { alice, bob, id } = await friends();
  await alice.says(bob, "zero");
  await bob.device.sees("NEW_MESSAGE", saying("zero"));
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: id, seq: 1 } });
  bob.device.disconnects();
  for (const text of ["one", "two", "three"]) await alice.says(bob, text);
  const edited = await alice.says(bob, "four");
  await alice.puts(`/messages/${edited.messageId}`, { content: "4" });
  await bob.connects();
  await bob.device.sees("NEW_MESSAGE", saying("4"));
  t.deepEqual(texts(bob.device), ["one", "two", "three", "4"], "in their present state");
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: id, seq: 5, version: 7 } });
  await alice.device.sees("MESSAGE_DELIVERED", ({ data }) => data.seq === 5);
  bob.device.disconnects();
  await alice.says(bob, "five");
  await bob.connects();
  await bob.device.sees("NEW_MESSAGE", saying("five"));
  t.deepEqual(texts(bob.device), ["five"]);
});

test("a message that was received, not acknowledged, and changed meanwhile comes as a change: a repeated message is dropped", async (t) => {
  const { alice, bob, id } = await friends();
  await alice.says(bob, "zero");
  await bob.device.sees("NEW_MESSAGE", saying("zero"));
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: id, seq: 1 } });
  const [edited, recalled] = [await alice.says(bob, "to be edited"), await alice.says(bob, "to be recalled")];
  await bob.device.sees("NEW_MESSAGE", saying("to be recalled"));
  bob.device.disconnects();
  await alice.puts(`/messages/${edited.messageId}`, { content: "edited" });
  await alice.posts(`/messages/${recalled.messageId}/recall`);
  await bob.connects();
  const frame = await bob.device.sees("MESSAGE_RECALLED");
  t.is(frame.data.messageId, recalled.messageId);
  t.like(bob.device.seen("MESSAGE_EDITED")[0]?.data, { messageId: edited.messageId, content: "edited" });
});

test("too many messages for a push: the client is asked to sync, and pulls them all", async (t) => {
  const { alice, bob, id } = await friends();
  await alice.says(bob, "zero");
  await bob.device.sees("NEW_MESSAGE", saying("zero"));
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: id, seq: 1 } });
  bob.device.disconnects();
  for (let i = 1; i <= 8; i += 1) await alice.says(bob, `m${i}`);
  await bob.connects();
  const frame = await bob.device.sees("NOTIFICATION", ({ data }) => data.scope === "conversation");
  t.like(frame.data, { type: "sync.request", sessionId: id });
  const sync = await syncs(bob.device, { cursor: 0 });
  t.true(["m1", "m8"].every((text) => contents(changeOf(sync, id)).includes(text)));
});

test("a new device gets new messages pushed and pulls the older ones by sync", async (t) => {
  const { alice, bob, id } = await friends();
  await alice.says(bob, "old");
  const pad = await bob.opens(await bob.logsIn("Pad", "pad"));
  await alice.says(bob, "new");
  await pad.sees("NEW_MESSAGE", saying("new"));
  t.deepEqual(texts(pad), ["new"]);
  const sync = await syncs(pad, { cursor: 0 });
  t.deepEqual(misfits(sync, result), []);
  t.true(sync.full);
  t.deepEqual(contents(changeOf(sync, id)), ["old", "new"]);
  t.like(changeOf(sync, id), { seq: 2, version: 3, full: true, sessionType: "single", unreadCount: 2 });
  const user = sync.changes.find(({ type }) => type === "user") as { items: Row[] };
  const types = new Set(user.items.map(({ type }) => type));
  for (const type of ["profile", "settings", "friend", "request", "conversation"]) t.true(types.has(type), type);
});

test("SYNC by cursor and by vector answers what changed, or a full snapshot when it cannot", async (t) => {
  const { alice, bob, id } = await friends();
  const one = await alice.says(bob, "one");
  await bob.device.sees("NEW_MESSAGE", saying("one"));
  const start = await syncs(bob.device, { cursor: 0 });
  const recalled = await alice.says(bob, "two");
  await alice.says(bob, "three");
  await alice.puts(`/messages/${one.messageId}`, { content: "ONE" });
  await alice.posts(`/messages/${recalled.messageId}/recall`);
  await bob.puts("/users/me", { nickname: "Bobby" });
  const byCursor = await syncs(bob.device, { cursor: start.cursor });
  t.is(byCursor.full, false);
  const vector = (start.vector as { conversations: Row }).conversations;
  const userVersion = start.vector.userVersion;
  const byVector = await syncs(bob.device, { vector, userVersion, storeId: start.storeId });
  for (const sync of [byCursor, byVector]) {
    const change = changeOf(sync, id) as { messages: Row[]; changes: Row[]; version: number; full: boolean };
    t.is(change.full, false);
    t.deepEqual(change.messages.map(({ seq, status }) => [seq, status]).map(String), ["2,recalled", "3,delivered"]);
    t.deepEqual(
      change.changes.map(({ type, messageId }) => [type, messageId]),
      [["edited", one.messageId]],
    );
    const user = sync.changes.find(({ type }) => type === "user") as { items: Row[] };
    t.like(
      user.items.find(({ type }) => type === "profile"),
      { profile: { nickname: "Bobby" } },
    );
  }
  const nothing = await syncs(bob.device, { cursor: byCursor.cursor });
  t.deepEqual(nothing.changes, []);
  for (const from of [{ cursor: 4_711_000_000_000_000 }, { vector, userVersion, storeId: "another" }]) {
    const full = await syncs(bob.device, from);
    t.true(full.full);
    t.deepEqual(contents(changeOf(full, id)).length, 3);
  }
  const rest = await bob.posts<Row>("/sync", { cursor: start.cursor });
  t.deepEqual(misfits(rest.data, result), []);
  t.like(await bob.posts("/sync", { cursor: "yesterday" }), { status: 400, code: 1 });
});

test("with sync=client nothing is pushed at connect, and the client pulls from its own cursor", async (t) => {
  const { alice, bob, id } = await friends();
  await alice.says(bob, "one");
  await bob.device.sees("NEW_MESSAGE", saying("one"));
  const { cursor } = await syncs(bob.device, { cursor: 0 });
  bob.device.disconnects();
  await alice.says(bob, "two");
  await bob.connects("&sync=client");
  await alice.says(bob, "three");
  await bob.device.sees("NEW_MESSAGE", saying("three"));
  t.deepEqual(texts(bob.device), ["three"]);
  t.deepEqual(contents(changeOf(await syncs(bob.device, { cursor }), id)), ["two", "three"]);
});

test("offline messages are fetched over REST from the nextSeq of the last answer", async (t) => {
  const { alice, bob } = await friends();
  for (const text of ["one", "two", "three"]) await alice.says(bob, text);
  const message: Shape = {
    ...{ messageId: "string", sessionId: "string", sessionType: ["single"], senderId: "string", senderName: "string" },
    ...{ contentType: ["text"], content: "string", timestamp: "time", seq: "number" },
  };
  const fetchAll = async (from: unknown) => {
    const found: unknown[] = [];
    for (let lastSeq = from; ; ) {
      const { data } = await bob.gets<Row>(`/messages/offline?lastSeq=${lastSeq}&limit=2`);
      t.deepEqual(misfits(data, { messages: [message], hasMore: "boolean", nextSeq: "number" }), []);
      found.push(...contents(data));
      lastSeq = data.nextSeq;
      if (data.hasMore !== true) return { found, nextSeq: lastSeq };
    }
  };
  const all = await fetchAll(0);
  t.deepEqual(all.found, ["one", "two", "three"]);
  for (const text of ["four", "five", "six"]) await alice.says(bob, text);
  const missed = await fetchAll(all.nextSeq);
  t.deepEqual(missed.found, ["four", "five", "six"]);
  t.deepEqual((await fetchAll(missed.nextSeq)).found, []);
});

test("a client that follows nextSeq alone gets every message it may see, each once", async (t) => {
  const { alice, bob } = await friends();
  const carol = await Person.registers(chat, "carol");
  await alice.befriends(carol);
  const group = await alice.createsGroup("Talkers", [carol]);
  const before = await alice.says(group, "before bob");
  await alice.posts(`/groups/${group.slice(2)}/members`, { userIds: [bob.userId] });
  const said: unknown[] = [];
  for (let i = 0; i < 70; i += 1) {
    said.push((await alice.says(bob, `chat ${i}`)).messageId);
    said.push((await alice.says(group, `group ${i}`)).messageId);
    if (i === 40) {
      await alice.deletes(`/groups/${group.slice(2)}/members/${bob.userId}`);
      await alice.posts(`/groups/${group.slice(2)}/members`, { userIds: [bob.userId] });
    }
  }
  const visible = new Set((await bob.history(group)).map(({ messageId }) => messageId));
  const found: unknown[] = [];
  for (let lastSeq: unknown = 0, hasMore: unknown = true; hasMore; ) {
    const { data } = await bob.gets<Row>(`/messages/offline?lastSeq=${lastSeq}&limit=30`);
    for (const { messageId } of data.messages as Row[]) found.push(messageId);
    ({ nextSeq: lastSeq, hasMore } = data);
  }
  t.is(new Set(found).size, found.length, "each once");
  t.true(visible.size > 20, "the user came back to the group");
  const expected = said.filter((_, i) => i % 2 === 0 || visible.has(said[i]));
  t.deepEqual(
    expected.filter((id) => !found.includes(id)),
    [],
  );
  t.is(found.includes(before.messageId), visible.has(before.messageId));
});

test("POST /sync with lastSyncTime syncs by time and by the seq of each conversation", async (t) => {
  const { alice, bob, id } = await friends();
  const group = await alice.createsGroup("Hikers", [bob]);
  for (const text of ["one", "two"]) await alice.says(bob, text);
  const asked = [{ conversationId: id, conversationType: "single", lastSeq: 1 }];
  const all = await bob.posts<Row>("/sync", { lastSyncTime: 0, conversationSeqs: asked });
  t.deepEqual(
    misfits(all.data, {
      friends: [{ userId: [alice.userId], nickname: "string" }],
      groups: [{ groupId: [group.slice(2)], name: ["Hikers"] }],
      sessions: [{ sessionId: [id, group] }],
      messages: [{ conversationId: [id], messages: [{ content: ["two"] }], hasMore: "boolean" }],
    }),
    [],
  );
  const later = await bob.posts<Row>("/sync", { lastSyncTime: Date.now() + 1_000 });
  t.like(later.data, { friends: [], groups: [], sessions: [], messages: [] });
  const pages = await bob.posts<{ conversations: Row[] }>("/sync/messages?limit=1", {
    conversationSeqs: [{ conversationId: id, lastSeq: 0 }, { conversationId: "s_1_2" }, { conversationId: "nonsense" }],
  });
  t.deepEqual(
    pages.data.conversations.map(({ messages, hasMore }) => [(messages as Row[]).length, hasMore]),
    [
      [1, true],
      [0, false],
      [0, false],
    ],
  );
});

test("a device that does not acknowledge gets the frame again; an idle device gets a new message at once", async (t) => {
  await using impatient = await startTestNode({ limits: { resendAfterMs: [200, 400], syncEveryMs: 1_000 } });
  const { alice, bob, id } = await friends(impatient);
  const sent = await alice.says(bob, "do you hear me?");
  await eventually(() => bob.device.seen("NEW_MESSAGE").length === 3);
  t.deepEqual(new Set(bob.device.seen("NEW_MESSAGE").map(({ data }) => data.messageId)), new Set([sent.messageId]));
  bob.device.sends({ type: "MESSAGE_ACK", messageIds: [sent.messageId] });
  t.like((await alice.device.sees("MESSAGE_DELIVERED")).data, { sessionId: id, seq: 1 });
  // The device is idle while the gateway compares its versions, and the comparison must change nothing.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await alice.says(bob, "still there?");
  await bob.device.sees("NEW_MESSAGE", saying("still there?"));
  t.deepEqual(bob.device.seen("NOTIFICATION", isOf("sync.request")), []);
});

test("a conversation survives a restart with nothing lost, repeated or out of order", async (t) => {
  await using node = await startTestNode();
  const { alice, bob, id } = await friends(node);
  const group = await alice.createsGroup("Survivors", [bob]);
  const first = await alice.says(bob, "before", "m-1");
  await bob.device.sees("NEW_MESSAGE", saying("before"));
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: id, seq: 1 } });
  await alice.says(group, "group before");
  const { cursor, storeId } = await syncs(bob.device, { cursor: 0 });
  const sockets = [alice.device, bob.device];
  await node.restart();
  for (const socket of sockets) t.is(await socket.closes(), 4009);
  await Promise.all([alice.connects(), bob.connects()]);
  t.deepEqual(await alice.says(bob, "before", "m-1"), first, "a retry is the same message");
  t.like(await alice.says(bob, "after"), { seq: 2 });
  await bob.device.sees("NEW_MESSAGE", saying("after"));
  t.is((await alice.says(group, "group after")).seq, 2);
  await bob.device.sees("NEW_MESSAGE", saying("group after"));
  t.false(texts(bob.device).includes("before"));
  const sync = await syncs(bob.device, { cursor });
  t.deepEqual([sync.full, sync.storeId], [false, storeId]);
  t.deepEqual(contents(changeOf(sync, id)), ["after"]);
  t.deepEqual((await bob.history(id)).map(({ content, seq }) => [seq, content]).map(String), ["1,before", "2,after"]);
  t.is((await bob.gets<{ friends: unknown[] }>("/friends")).data.friends.length, 1);
  t.like((await alice.posts("/auth/refresh", { refreshToken: alice.refreshToken })).data, { userId: alice.userId });
});
