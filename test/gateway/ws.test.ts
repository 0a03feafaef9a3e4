// Delivery over real sockets, in front of a scripted world.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { staysTrue, until } from "../suites/eventually.ts";
import { startWorld } from "../support/ws-world.ts";

const pair = "s_1_2";
const contents = (frames: { data: { content: unknown } }[]) => frames.map(({ data }) => data.content);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test("a message is acknowledged to its device and reaches every other one", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1", "phone");
  const tablet = await edge.device("1", "tablet");
  const bob = await edge.device("2");
  const ack = await alice.asks("SEND_MESSAGE", { receiverId: "2", contentType: "text", content: "hi" });
  t.like(ack, { type: "SEND_ACK", data: { sessionId: pair, seq: 1, version: 1 } });
  for (const device of [tablet, bob]) {
    const message = await device.sees("NEW_MESSAGE");
    t.like(message.data, { sessionId: pair, sessionType: "single", seq: 1, version: 1, content: "hi", senderId: "1" });
  }
  alice.sends({ type: "PING", timestamp: 1 });
  await alice.sees("PONG");
  t.deepEqual(alice.seen("NEW_MESSAGE"), [], "it had SEND_ACK");
  t.like(edge.world.calls.find(({ name }) => name === "conversation.send")?.input, { senderName: "name of 1" });
});

test("CONNECT_ACK says what the client needs, by whatever way the token comes", async (t) => {
  await using edge = await startWorld();
  const token = edge.tokenOf("1", "d1");
  const first = edge.open();
  await first.opens();
  first.sends({ type: "AUTH", token });
  t.like(await first.sees("CONNECT_ACK"), {
    data: { userId: "1", deviceId: "d1", heartbeatInterval: 30, cursor: 0, storeId: "store" },
  });
  const second = edge.open({ protocols: ["parley", edge.tokenOf("2", "d2")] });
  await second.connected();
  t.is(second.socket.protocol, "parley");
});

test("notifications that are lost, doubled and reordered arrive once, in order", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const bob = await edge.device("2");
  chat.says("1", "first");
  await bob.sees("NEW_MESSAGE");
  const kept: FramedNotification[] = [];
  edge.world.onPublish = (notification) => kept.push(notification);
  for (let i = 2; i <= 9; i += 1) chat.says("1", `m${i}`);
  chat.recalls({ messageId: "1", seq: 1 });
  const [two, three, , five, six, seven, , nine, recall] = kept;
  // 4 and 8 are lost.
  for (const each of [three, two, two, nine, five, seven, six, recall, three]) edge.world.deliver(each!);
  await bob.sees("MESSAGE_RECALLED");
  t.deepEqual(bob.versions(pair), upTo(10));
  t.true(edge.world.counts.pulled >= 1);
});

test("a lost last notification is noticed by the comparison with the present", async (t) => {
  await using edge = await startWorld({ syncEveryMs: 100 });
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const bob = await edge.device("2");
  edge.world.onPublish = () => {};
  chat.says("1", "unheard");
  t.is((await bob.sees("NEW_MESSAGE")).data.content, "unheard");
});

test("after a gap of the notification bus every user is compared at once", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const bob = await edge.device("2");
  edge.world.onPublish = () => {};
  chat.says("1", "unheard");
  edge.world.reportGap();
  t.is((await bob.sees("NEW_MESSAGE")).data.content, "unheard");
});

test("a device that comes back gets the messages that it has not confirmed, and no other twice", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  chat.says("1", "before its time");
  const first = await edge.device("2");
  for (const text of ["a", "b", "c"]) chat.says("1", text);
  await first.sees(({ data }) => data?.content === "c");
  t.deepEqual(contents(first.seen("NEW_MESSAGE")), ["a", "b", "c"], "a new device starts at the present");
  first.sends({ type: "MESSAGE_ACK", data: { sessionId: pair, seq: 3 } });
  await first.asks("SYNC", { cursor: 0 });
  first.socket.close();
  await until(() => !edge.world.isConnected("2"));
  chat.says("1", "d");
  const again = await edge.device("2");
  await again.sees(({ data }) => data?.content === "d");
  chat.says("1", "e");
  await again.sees(({ data }) => data?.content === "e");
  t.deepEqual(again.versions(pair), [4, 5, 6]);
});

test("what happens while a device catches up is delivered once, in order", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: { [pair]: 1 } });
  for (let i = 1; i <= 3; i += 1) chat.says("1", `m${i}`);
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.world.before.set("reading.difference", () => promise);
  const bob = await edge.device("2");
  for (let i = 4; i <= 6; i += 1) chat.says("1", `m${i}`);
  edge.world.publishTo("2", "friend.added", { userId: "3" });
  resolve();
  await bob.sees(({ data }) => data?.type === "friend.added");
  chat.says("1", "m7");
  await bob.sees(({ data }) => data?.content === "m7");
  t.deepEqual(bob.versions(pair), [2, 3, 4, 5, 6, 7]);
});

test("more than may be pushed is left to the client's SYNC", async (t) => {
  await using edge = await startWorld({ maxPushAtConnect: 5 });
  const chat = edge.world.conversation(pair, ["1", "2"]);
  chat.says("1");
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: { [pair]: 1 } });
  for (let i = 0; i < 20; i += 1) chat.says("1");
  const bob = await edge.device("2");
  t.like(await bob.sees("NOTIFICATION"), { data: { type: "sync.request", scope: "conversation", sessionId: pair } });
  chat.says("1", "live");
  await bob.sees(({ data }) => data?.content === "live");
  t.true(bob.seen("NEW_MESSAGE").length <= 6);
});

test("acknowledgements of a device that was asked to sync count again when it has read the answer, not when the answer was written", async (t) => {
  await using edge = await startWorld({ maxPushAtConnect: 5 });
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const held = () => edge.world.session("2").vectors.get("d2")?.conversations[pair];
  const comesWithAHole = async () => {
    const bob = await edge.device("2");
    await bob.sees(({ data }) => data?.type === "sync.request" && data.sessionId === pair);
    const text = `live ${chat.version}`;
    chat.says("1", text);
    const { data } = await bob.sees((frame) => frame.data?.content === text);
    bob.sends({ type: "MESSAGE_ACK", data: { sessionId: pair, seq: data.seq } });
    return bob;
  };
  const isGone = () => !edge.world.isConnected("2");
  chat.says("1");
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: { [pair]: 1 } });
  for (let i = 0; i < 20; i += 1) chat.says("1");

  const cut = await comesWithAHole();
  let asked = 0;
  edge.world.before.set("reading.sync", () => {
    asked += 1;
  });
  cut.socket.pause();
  cut.sends({ type: "SYNC", data: { cursor: 0 } });
  await until(() => asked === 1);
  cut.socket.terminate();
  await until(isGone);
  t.is(held(), 1, "the answer was lost with the socket");

  edge.world.before.delete("reading.sync");
  const well = await comesWithAHole();
  await well.asks("SYNC", { cursor: 0 });
  await until(() => held() === chat.version);
  t.is((await edge.device("2")).seen("NEW_MESSAGE").length, 0, "what came by SYNC is not pushed again");
});

test("with sync=client nothing is pushed at connect", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: {} });
  chat.says("1", "old");
  const bob = await edge.device("2", "d2", { query: { sync: "client" } });
  t.like(await bob.asks("SYNC", { vector: { [pair]: 0 }, userVersion: 0 }), { type: "SYNC_RESULT" });
  chat.says("1", "new");
  await bob.sees("NEW_MESSAGE");
  t.deepEqual(contents(bob.seen("NEW_MESSAGE")), ["new"]);
});

test("unconfirmed messages come again twice, then no more; confirmed ones do not", async (t) => {
  await using edge = await startWorld({ resendAfterMs: [800, 1_600] }); // the acknowledgement below comes before
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const silent = await edge.device("2", "silent");
  const good = await edge.device("2", "good");
  chat.says("1", "x");
  chat.says("1", "y");
  await good.sees(({ data }) => data?.content === "y");
  good.sends({ type: "MESSAGE_ACK", data: { messageIds: [good.seen("NEW_MESSAGE")[1]!.data.messageId] } });
  await until(() => silent.seen("NEW_MESSAGE").length === 6);
  chat.says("1", "z");
  await until(() => silent.seen("NEW_MESSAGE").length === 9);
  t.deepEqual(contents(silent.seen("NEW_MESSAGE")), ["x", "y", "x", "y", "x", "y", "z", "z", "z"]);
  t.deepEqual(contents(good.seen("NEW_MESSAGE")).slice(0, 2), ["x", "y"]);
  t.is(good.seen("NEW_MESSAGE").filter(({ data }) => data.content !== "z").length, 2);
});

test("delivered and read marks are gathered, and reach the reader's own list", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const bob = await edge.device("2");
  for (const text of ["a", "b", "c"]) chat.says("1", text);
  await bob.sees(({ data }) => data?.content === "c");
  for (const seq of [1, 2, 3]) {
    bob.sends({ type: "MESSAGE_ACK", sessionId: pair, seq });
    bob.sends({ type: "MESSAGE_READ", data: { sessionId: pair, seq } });
  }
  await until(() => edge.world.calls.some(({ name }) => name === "user.markRead"));
  const marks = edge.world.calls.filter(({ name }) => name === "conversation.markMany");
  t.deepEqual(
    marks.map(({ input }) => input),
    [{ marks: [{ userId: "2", deliveredSeq: 3, readSeq: 3 }] }],
  );
});

test("a group on a subject of its own: every member gets every event in order, and a removed one nothing more", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2", "3"], "conversation");
  group.says("1", "before");
  const [alice, bob, carol] = await Promise.all(["1", "2", "3"].map((id) => edge.device(id)));
  await until(() => edge.world.calls.some(({ name }) => name === "conversation.attach"));
  const ack = await alice!.asks("SEND_MESSAGE", { groupId: "9", contentType: "text", content: "hello" });
  t.is(ack.type, "SEND_ACK");
  await bob!.sees("NEW_MESSAGE");
  await carol!.sees("NEW_MESSAGE");
  const kept: FramedNotification[] = [];
  edge.world.onPublish = (notification) => kept.push(notification);
  group.removes("3");
  group.says("1", "without carol");
  group.says("1", "still without");
  // The removal is lost, what follows comes first.
  const [, tombstone, , last] = kept;
  edge.world.onPublish = (notification, deliver) => deliver(notification);
  edge.world.deliver(last!);
  edge.world.deliver(tombstone!);
  await bob!.sees(({ data }) => data?.content === "still without");
  t.deepEqual(bob!.versions("g_9"), [2, 3, 4, 5]);
  group.says("1", "and on");
  await bob!.sees(({ data }) => data?.content === "and on");
  await carol!.sees(({ data }) => data?.type === "session.deleted");
  const answer = await carol!.asks("SEND_MESSAGE", { sessionId: "g_9", contentType: "text", content: "x" });
  t.is(answer.code, 40105);
  t.deepEqual(contents(carol!.seen("NEW_MESSAGE")), ["hello"]);
});

test("a notification from before the removal, delivered late or again, does not let a member listen", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2"]);
  const [alice, bob] = await Promise.all(["1", "2"].map((id) => edge.device(id)));
  const kept: FramedNotification[] = [];
  edge.world.onPublish = (notification, deliver) => {
    kept.push(notification);
    deliver(notification);
  };
  group.says("1", "to both");
  await bob!.sees("NEW_MESSAGE");
  group.removes("2");
  await bob!.sees(({ data }) => data?.type === "session.deleted");
  edge.world.deliver(kept[0]!);
  group.says("1", "without bob");
  group.says("2", "still without");
  await alice!.sees(({ data }) => data?.content === "still without");
  t.deepEqual(contents(bob!.seen("NEW_MESSAGE")), ["to both"]);
});

test("frames of a subject wait until the conversation has said who is a member", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2"], "conversation");
  group.says("1", "old");
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.world.before.set("conversation.attach", () => promise);
  const bob = await edge.device("2");
  await until(() => edge.world.subjects.has("g_9"));
  group.says("1", "during");
  t.deepEqual(bob.seen("NEW_MESSAGE"), []);
  resolve();
  await bob.sees("NEW_MESSAGE");
  t.deepEqual(contents(bob.seen("NEW_MESSAGE")), ["during"]);
  bob.socket.close();
  await until(
    () => !edge.world.subjects.has("g_9"),
    () => "the subject is unsubscribed",
  );
});

test("both sides of a new friendship get it, under one version", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [alice, bob] = await Promise.all([edge.device("1"), edge.device("2")]);
  chat.version = 1;
  chat.changes({ type: "friendship", state: "friends", by: "1", atMs: 0 }, { target: { users: ["1", "2"] } });
  chat.says("1", "hi");
  for (const device of [alice, bob]) {
    await device.sees("NEW_MESSAGE");
    t.deepEqual(
      device.seen("NOTIFICATION").map(({ data }) => data.state),
      ["friends"],
    );
    t.deepEqual(device.versions(pair), [1, 2]);
  }
});

test("an edit shows nothing of a message to members who joined after it, by users and by subject", async (t) => {
  await using edge = await startWorld();
  const small = edge.world.conversation("g_8", ["1", "2", "3"]);
  const group = edge.world.conversation("g_9", ["1", "2", "3"], "conversation");
  const [old, late] = await Promise.all([edge.device("2"), edge.device("3")]);
  await until(() => edge.world.calls.filter(({ name }) => name === "conversation.attach").length > 0);
  group.visibleFrom.set("3", 2);
  const again = await edge.device("3", "tablet");
  await until(() => edge.world.calls.filter(({ name }) => name === "conversation.attach").length > 1);
  for (const chat of [small, group]) {
    const message = chat.says("1", "secret plan");
    chat.says("1", "welcome");
    await old.sees(({ data }) => data?.sessionId === chat.id && data.content === "welcome");
    chat.edits({ messageId: message.messageId, seq: message.seq }, "secret plan B", ["3"]);
    chat.says("1", "and on");
    for (const device of [old, late, again]) {
      await device.sees(({ data }) => data?.sessionId === chat.id && data.content === "and on");
    }
  }
  t.deepEqual(contents(old.seen("MESSAGE_EDITED")), ["secret plan B", "secret plan B"]);
  t.deepEqual(contents(again.seen("MESSAGE_EDITED")), [undefined], "the bare one of the small group");
  t.deepEqual(old.versions("g_9"), [1, 2, 3, 4]);
});

test("typing reaches the others; presence only users who may see it", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  const bob = await edge.device("2");
  bob.sends({ type: "TYPING", data: { sessionId: pair, sessionType: "single" } });
  t.like((await alice.sees("USER_TYPING")).data, { userId: "2", sessionId: pair });
  t.deepEqual(bob.seen("USER_TYPING"), []);
  // User 4 shows presence to nobody, user 5 is no friend.
  t.is((await alice.asks("PRESENCE_SUBSCRIBE", { userIds: ["2", "3", "4", "5"] })).type, "OK");
  t.like((await alice.sees("USER_ONLINE")).data, { userId: "2", platform: "Web" });
  t.deepEqual(
    alice.seen("USER_OFFLINE").map(({ data }) => data.userId),
    ["3"],
  );
  bob.socket.close();
  await alice.sees(({ type, data }) => type === "USER_OFFLINE" && data.userId === "2");
  const many = await alice.asks("PRESENCE_SUBSCRIBE", { userIds: upTo(501).map(String) });
  t.is(many.code, 9);
});

test("a blocked user sees no more presence of the other, and gets no notification of the block", async (t) => {
  await using edge = await startWorld();
  const alice = await edge.device("1");
  const bob = await edge.device("2");
  await alice.asks("PRESENCE_SUBSCRIBE", { userIds: ["2"] });
  await alice.sees("USER_ONLINE");
  // From now on the other hides presence.
  let asked = 0;
  edge.world.before.set("user.card", () => {
    asked += 1;
    throw new DomainError("user.not_found");
  });
  edge.world.publishTo("1", "user.visibility_changed", {});
  await alice.sees("USER_OFFLINE");
  t.true(asked > 0);
  bob.socket.close();
  await bob.closes();
  await edge.device("2");
  await edge.device("2", "tablet");
  t.is(alice.seen("USER_ONLINE").length, 1);
  t.is(alice.seen("NOTIFICATION").length, 0);
});

/** A conversation that has no group for this message three times, and takes the others in their order. */
function fullFor(refused: string): (input: unknown) => void {
  const seen = new Set<string>();
  let refusals = 0;
  return (input) => {
    const { clientMsgId, afterClientMsgId } = input as { clientMsgId: string; afterClientMsgId?: string };
    if (seen.has(clientMsgId)) return;
    if (clientMsgId === refused && refusals < 3) {
      refusals += 1;
      throw new RuntimeError("overloaded", "full");
    }
    if (afterClientMsgId && !seen.has(afterClientMsgId)) throw new DomainError("message.out_of_order");
    seen.add(clientMsgId);
  };
}

test("sends of one socket keep their order while one is repeated", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  edge.world.before.set("conversation.send", fullFor("m3"));
  for (let i = 1; i <= 8; i += 1) {
    alice.sends({ type: "SEND_MESSAGE", msgId: `m${i}`, data: { sessionId: pair, contentType: "text", content: i } });
  }
  await until(() => alice.seen("SEND_ACK").length === 8);
  t.deepEqual(
    chat.happenings.map(({ message }) => message?.content),
    upTo(8),
  );
  t.deepEqual(alice.seen("ERROR"), []);
});

for (const when of ["in flight", "acknowledged"]) {
  test(`what the client repeats when it is ${when} lets nothing overtake what was sent before`, async (t) => {
    await using edge = await startWorld();
    const chat = edge.world.conversation(pair, ["1", "2"]);
    const alice = await edge.device("1");
    edge.world.before.set("conversation.send", fullFor("m2"));
    const send = (n: number) =>
      alice.sends({ type: "SEND_MESSAGE", msgId: `m${n}`, data: { sessionId: pair, contentType: "text", content: n } });
    send(1);
    if (when === "acknowledged") await alice.sees("SEND_ACK");
    for (const n of [2, 1, 3]) send(n);
    await until(() => alice.seen("SEND_ACK").length === 4);
    t.deepEqual(
      chat.happenings.map(({ message }) => message?.content),
      upTo(3),
    );
  });
}

test("a message is recalled once its place is known; what cannot be found is refused", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [alice, bob] = await Promise.all([edge.device("1"), edge.device("2")]);
  const { messageId } = chat.says("1", "oops");
  t.is((await alice.asks("MESSAGE_RECALL", { messageId })).type, "OK");
  t.like((await bob.sees("MESSAGE_RECALLED")).data, { messageId, seq: 1, version: 2 });
  t.is((await alice.asks("MESSAGE_DELETE", { messageIds: [messageId] })).type, "OK");
  t.is((await alice.asks("MESSAGE_RECALL", { messageId: "77" })).code, 50101);
  const foreign = { sessionId: "s_8_9", contentType: "text", content: "x" };
  t.is((await alice.asks("SEND_MESSAGE", foreign)).code, 60101);
});

test("a client that takes compression gets large frames compressed, and the same content", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2", "3"], "conversation");
  const plain = await edge.device("2");
  const small = await edge.device("3", "d3", { deflate: true });
  t.is(small.socket.extensions, "permessage-deflate");
  await until(() => edge.world.calls.filter(({ name }) => name === "conversation.attach").length > 0);
  const text = "长文本 ".repeat(2_000);
  group.says("1", text);
  group.says("1", "short");
  for (const device of [plain, small]) {
    await device.sees(({ data }) => data?.content === "short");
    t.deepEqual(contents(device.seen("NEW_MESSAGE")), [text, "short"]);
  }
  const ack = await small.asks("SEND_MESSAGE", { sessionId: "g_9", contentType: "text", content: text });
  t.is(ack.type, "SEND_ACK");
});

test("without the lease no frame is read or written, and no socket is lost", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [alice, bob] = await Promise.all([edge.device("1"), edge.device("2")]);
  edge.world.setLease(false);
  chat.says("1", "held back");
  const sent = alice.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: "later" });
  await staysTrue(() => bob.seen("NEW_MESSAGE").length === 0, 60);
  t.is(edge.world.calls.filter(({ name }) => name === "conversation.send").length, 0);
  edge.world.setLease(true);
  t.is((await sent).type, "SEND_ACK");
  await bob.sees(({ data }) => data?.content === "later");
  t.deepEqual(contents(bob.seen("NEW_MESSAGE")), ["held back", "later"]);
  t.is(alice.closeCode, undefined);
});

test("a draining gateway answers every frame that it read, then closes every socket", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.world.before.set("conversation.send", () => promise);
  const sent = alice.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: "last" });
  await until(() => edge.world.calls.some(({ name }) => name === "conversation.send"));
  const drained = edge.sockets.drain();
  setTimeout(resolve, 50);
  t.is((await sent).type, "SEND_ACK");
  t.is(await alice.closes(), 4009);
  await drained;
  t.false(edge.world.isConnected("1"));
  t.is(await edge.open({ query: { token: edge.tokenOf("2", "d2") } }).closes(), 4009);
});

test("a draining gateway answers changes and syncs that it read, too", async (t) => {
  await using edge = await startWorld();
  const { messageId } = edge.world.conversation(pair, ["1", "2"]).says("1", "draft");
  const alice = await edge.device("1");
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.world.before.set("conversation.edit", () => promise);
  edge.world.before.set("reading.sync", () => promise);
  const edited = alice.asks("MESSAGE_EDIT", { messageId, sessionId: pair, content: "last" });
  const synced = alice.asks("SYNC", { cursor: 0 });
  await until(() => edge.world.calls.some(({ name }) => name === "conversation.edit"));
  const drained = edge.sockets.drain();
  setTimeout(resolve, 50);
  t.deepEqual([(await edited).type, (await synced).type], ["OK", "SYNC_RESULT"]);
  t.is(await alice.closes(), 4009);
  await drained;
});

test("a draining gateway closes sockets a few at a time; one that waits for an answer delays no other", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation(pair, ["1", "2"]);
  const waits = await edge.device("1");
  const others = await Promise.all(Array.from({ length: 60 }, (_, i) => edge.device(String(100 + i))));
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.world.before.set("conversation.send", () => promise);
  const sent = waits.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: "last" });
  await until(() => edge.world.calls.some(({ name }) => name === "conversation.send"));
  const goneSince = Promise.all(others.map((device) => device.closes().then(() => performance.now())));
  const drained = edge.sockets.drain();
  // The first few share their lot with the one who waits.
  await until(() => others.filter(({ closeCode }) => closeCode === 4009).length >= 40);
  t.is(waits.closeCode, undefined);
  resolve();
  t.is((await sent).type, "SEND_ACK");
  await drained;
  const times = (await goneSince).toSorted((a, b) => a - b);
  t.true(times.at(-1)! - times[0]! >= 20, "not all at once");
});

test("a gateway that others have closed waits for no answer, as it may write none", async (t) => {
  await using edge = await startWorld({}, ["east"]);
  edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  edge.world.before.set("conversation.send", () => new Promise(() => {})); // never answered
  alice.sends({ type: "SEND_MESSAGE", msgId: "m1", data: { sessionId: pair, contentType: "text", content: "last" } });
  await until(() => edge.world.calls.some(({ name }) => name === "conversation.send"));
  edge.world.isLeaseHeld = false;
  edge.world.closedBoots.add("east");
  await edge.sockets.drain();
  await edge.sockets.close();
  await alice.closes();
  t.is(alice.seen("SEND_ACK").length + alice.seen("ERROR").length, 0);
});

test("CONNECT_ACK of a new device waits until it is stored where the device begins", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  chat.says("1", "before its time");
  let refusals = 0;
  let isBack = false;
  edge.world.before.set("session.progress", () => {
    if (isBack) return;
    refusals += 1;
    throw new RuntimeError("unreachable", "no host");
  });
  const device = edge.open({ query: { token: edge.tokenOf("2", "d2") } });
  await until(() => refusals > 1);
  t.deepEqual(device.seen("CONNECT_ACK"), []);
  chat.says("1", "while it waits");
  isBack = true;
  await device.connected();
  t.is(edge.world.session("2").vectors.get("d2")?.conversations[pair], 1);
  const { data } = await device.sees("NEW_MESSAGE");
  t.is(data.content, "while it waits");
});

test("a new device of a user without any conversation is sent what comes while it is away", async (t) => {
  await using edge = await startWorld();
  const device = await edge.device("2");
  device.socket.close();
  await until(() => !edge.world.isConnected("2"));
  edge.world.conversation(pair, ["1", "2"]).says("1", "the first one");
  const again = await edge.device("2");
  const { data } = await again.sees("NEW_MESSAGE");
  t.is(data.content, "the first one");
});
