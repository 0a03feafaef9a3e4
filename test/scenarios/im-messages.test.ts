// Messages: sent, edited, recalled, read, mentioned, expired, and what the list of conversations shows of them.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { misfits, type Shape } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf, type TestDevice, type TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
const of = (messageId: unknown) => (frame: TestFrame) => frame.data.messageId === messageId;
const sessionsOf = async (person: Person) => (await person.gets<{ sessions: Row[] }>("/sessions")).data.sessions;
const sessionOf = async (person: Person, id: string) =>
  (await sessionsOf(person)).find(({ sessionId }) => sessionId === id);

/** Two friends, and a second device of Alice's. */
async function friends(): Promise<{ alice: Person; bob: Person; phone: TestDevice; id: string }> {
  const [alice, bob] = await connected(chat, "alice", "bob");
  await alice.befriends(bob);
  const phone = await alice.opens(await alice.logsIn("iOS", "phone"));
  return { alice, bob, phone, id: alice.chatWith(bob) };
}

const message: Shape = {
  ...{ messageId: "string", senderId: "string", senderName: "string", senderAvatar: "string", contentType: "string" },
  ...{ content: "any", timestamp: "time", seq: "number", sessionId: "string", sessionType: ["single", "group"] },
};

test("a message reaches every device except the sending one, and a repeated send is the same message", async (t) => {
  const { alice, bob, phone, id } = await friends();
  const frame = { receiverId: bob.userId, contentType: "text", content: "hello" };
  const ack = await alice.device.asks("SEND_MESSAGE", frame, "m-1");
  t.deepEqual(misfits(ack.data, { messageId: "string", sessionId: [id], seq: "number", timestamp: "time" }), []);
  for (const device of [bob.device, phone]) {
    const { data } = await device.sees("NEW_MESSAGE");
    t.deepEqual(misfits(data, message), []);
    t.like(data, { messageId: ack.data.messageId, senderId: alice.userId, content: "hello", seq: 1 });
  }
  alice.device.sends({ type: "SEND_MESSAGE", msgId: "m-1", data: frame });
  await eventually(() => alice.device.seen("SEND_ACK").length === 2);
  t.deepEqual(alice.device.seen("SEND_ACK")[1]?.data, ack.data);
  const rest = await alice.posts("/messages", { ...frame, clientMsgId: "m-1" });
  t.like(rest.data, { messageId: ack.data.messageId, seq: 1, sessionId: id });
  t.like(await alice.posts("/messages", { ...frame, content: "other", clientMsgId: "m-1" }), { status: 409, code: 8 });
  await bob.says(alice, "hi");
  await alice.device.sees("NEW_MESSAGE");
  t.is(bob.device.seen("NEW_MESSAGE").length, 1);
  await phone.sees("NEW_MESSAGE", ({ data }) => data.content === "hi");
  t.is(phone.seen("NEW_MESSAGE").length, 2);
  t.deepEqual(bob.device.seen("NEW_MESSAGE", of(ack.data.messageId)).length, 1);
});

test("a message to a user who is no friend is refused with the reason", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  const frame = { receiverId: bob.userId, contentType: "text", content: "hello" };
  t.like(await alice.device.asks("SEND_MESSAGE", frame), { type: "ERROR", code: 50107 });
  t.like(await alice.posts("/messages", frame), { status: 403, code: 50107 });
  await alice.befriends(bob);
  for (const [content, contentType, code] of [
    ["", "text", 50109],
    ["x".repeat(5_001), "text", 50110],
    [{ url: "javascript:1" }, "image", 50111],
    ["hi", "telepathy", 50112],
    [{ callId: "1" }, "call_record", 1],
  ] as const) {
    const answer = await alice.device.asks("SEND_MESSAGE", { ...frame, content, contentType });
    t.is(answer.type, "ERROR", contentType);
    if (contentType !== "call_record") t.is(answer.code, code);
  }
  t.is((await alice.says(bob, "fine")).seq, 1, "a refused send takes no seq");
});

test("pictures, voice, files, places and cards arrive as they were sent", async (t) => {
  const { alice, bob } = await friends();
  const contents = {
    image: { url: "https://files.example/1.png", thumbnail: "/t.png", width: 1_024, height: 768, size: 102_400 },
    video: { url: "/v.mp4", thumbnail: "/v.png", duration: 60, size: 1_024_000 },
    voice: { url: "/v.ogg", duration: 10, size: 51_200 },
    file: { url: "/d.pdf", fileName: "document.pdf", fileSize: 204_800, mimeType: "application/pdf" },
    location: { latitude: 46.9, longitude: 7.4, name: "Bern" },
    card: { userId: alice.userId, nickname: "alice" },
  };
  for (const [contentType, content] of Object.entries(contents)) {
    const frame = { receiverId: bob.userId, contentType, content };
    t.is((await alice.device.asks("SEND_MESSAGE", frame)).type, "SEND_ACK", contentType);
    const { data } = await bob.device.sees("NEW_MESSAGE", (each) => each.data.contentType === contentType);
    t.deepEqual(data.content, content);
  }
  t.like((await sessionsOf(bob))[0], { unreadCount: 6, lastMessage: { contentType: "card", content: "[card] alice" } });
});

test("a message is edited and recalled on every device and in the history", async (t) => {
  const { alice, bob, phone, id } = await friends();
  const typo = await alice.says(bob, "helo");
  const oops = await alice.says(bob, "oops");
  t.is((await alice.device.asks("MESSAGE_EDIT", { messageId: typo.messageId, content: "hello" })).type, "OK");
  const recall = await alice.device.asks("MESSAGE_RECALL", { messageId: oops.messageId });
  t.is(recall.type, "OK");
  t.deepEqual(recall.data, { messageId: oops.messageId, content: "oops" });
  const repeated = await alice.device.asks("MESSAGE_RECALL", { messageId: oops.messageId });
  t.false("content" in (repeated.data ?? {}), "once");
  for (const device of [alice.device, phone, bob.device]) {
    const edited = await device.sees("MESSAGE_EDITED", of(typo.messageId));
    t.like(edited.data, { sessionId: id, seq: 1, content: "hello", operatorId: alice.userId });
    const recalled = await device.sees("MESSAGE_RECALLED", of(oops.messageId));
    t.like(recalled.data, { sessionId: id, seq: 2 });
    t.false("content" in recalled.data);
  }
  const [first, second] = await bob.history(id);
  t.like(first, { content: "hello", status: "delivered" });
  t.is(typeof first?.editedAt, "number");
  t.like(second, { status: "recalled", messageId: oops.messageId });
  t.false(JSON.stringify(second).includes("oops"));
  t.is((await alice.posts(`/messages/${oops.messageId}/recall`)).code, 0, "a retry is no error");
  t.like(await alice.puts(`/messages/${oops.messageId}`, { content: "x" }), { status: 410, code: 50102 });
  t.like(await bob.posts(`/messages/${typo.messageId}/recall`), { status: 403, code: 50104 });
  t.like(await bob.puts(`/messages/${typo.messageId}`, { content: "mine" }), { status: 403, code: 50104 });
  t.like(await alice.puts("/messages/123", { content: "x" }), { status: 404, code: 50101 });
  const last = await alice.says(bob, "once more");
  const rest = await alice.posts(`/messages/${last.messageId}/recall`);
  t.like(rest.data, { messageId: last.messageId, sessionId: id, seq: 3, content: "once more" });
  t.false("content" in (await alice.posts(`/messages/${last.messageId}/recall`)).data, "once");
  await bob.device.sees("MESSAGE_RECALLED", of(last.messageId));
  t.like(await sessionOf(bob, id), { unreadCount: 1 });
  t.false(JSON.stringify(await sessionOf(bob, id)).includes("once more"));
});

test("a deleted message is gone on the deleting user's devices only", async (t) => {
  const { alice, bob, phone, id } = await friends();
  const [one, two] = [await alice.says(bob, "one"), await bob.says(alice, "two")];
  t.is((await alice.device.asks("MESSAGE_DELETE", { messageIds: [two.messageId] })).type, "OK");
  for (const device of [alice.device, phone]) {
    const { data } = await device.sees("MESSAGE_DELETED");
    t.deepEqual(data.messageIds, [two.messageId]);
    t.deepEqual(misfits(data, { sessionId: [id], userVersion: "number" }), []);
  }
  t.like(await alice.deletes(`/messages/${one.messageId}`), { code: 0, data: null });
  await phone.sees("MESSAGE_DELETED", ({ data }) => String(data.messageIds) === one.messageId);
  t.deepEqual(await alice.history(id), []);
  t.is((await bob.history(id)).length, 2);
  t.deepEqual(bob.device.seen("MESSAGE_DELETED"), []);
  await bob.says(alice, "three");
  t.is((await alice.deletes(`/sessions/${id}/messages`)).code, 0);
  const cleared = await phone.sees("NOTIFICATION", isOf("message.deleted"));
  t.like(cleared.data, { sessionId: id, clearedSeq: 3 });
  t.deepEqual(await alice.history(id), []);
  t.is((await bob.history(id)).length, 3);
});

test("a read mark goes to the other side and to the reader's own devices; a delivered mark to the sender", async (t) => {
  const { alice, bob, phone, id } = await friends();
  await bob.says(alice, "one");
  const two = await bob.says(alice, "two");
  await eventually(async () => (await sessionOf(alice, id))?.unreadCount === 2);
  t.is((await alice.gets("/sessions/unread/total")).data.totalUnread, 2);
  await phone.sees("NEW_MESSAGE", of(two.messageId));
  phone.sends({ type: "MESSAGE_ACK", sessionId: id, seq: 2 });
  const delivered = await bob.device.sees("MESSAGE_DELIVERED");
  t.like(delivered.data, { sessionId: id, userId: alice.userId, seq: 2 });
  t.deepEqual(
    (await bob.history(id)).map(({ status }) => status),
    ["delivered", "delivered"],
  );
  alice.device.sends({ type: "MESSAGE_READ", data: { sessionId: id, messageIds: [two.messageId] } });
  const read = await bob.device.sees("MESSAGE_READ");
  t.deepEqual(
    misfits(read.data, { sessionId: [id], userId: [alice.userId], messageIds: "array", timestamp: "time" }),
    [],
  );
  t.is(read.data.seq, 2);
  const isMark = (frame: TestFrame) => isOf("session.unread_updated")(frame) && frame.data.readSeq === 2;
  t.like((await phone.sees("NOTIFICATION", isMark)).data, { sessionId: id, unreadCount: 0 });
  t.is((await alice.gets("/sessions/unread/total")).data.totalUnread, 0);
  t.deepEqual(
    (await bob.history(id)).map(({ status }) => status),
    ["read", "read"],
  );
  // REST answers the same, and marks only move forward.
  const three = await bob.says(alice, "three");
  const ack = { sessionId: id, sessionType: "single", messageIds: [three.messageId, two.messageId] };
  t.like(await alice.posts("/messages/ack", ack), { code: 0, data: null });
  await bob.device.sees("MESSAGE_READ", ({ data }) => data.seq === 3);
  t.is((await alice.posts("/messages/ack", { ...ack, messageIds: [two.messageId] })).code, 0);
  t.like(await sessionOf(alice, id), { unreadCount: 0, readSeq: 3 });
  await bob.says(alice, "four");
  t.is((await alice.posts(`/sessions/${id}/read`)).code, 0);
  await bob.device.sees("MESSAGE_READ", ({ data }) => data.seq === 4);
});

test("in a group the sender sees how many members have read the message, and which", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const id = await alice.createsGroup("Readers", [bob, carol]);
  const groupId = id.slice(2);
  const said = await alice.says(id, "read me");
  await bob.device.sees("NEW_MESSAGE");
  bob.device.sends({ type: "MESSAGE_READ", data: { sessionId: id, seq: 1 } });
  const first = await alice.device.sees("GROUP_MESSAGE_READ");
  t.deepEqual(
    misfits(first.data, {
      ...{ sessionId: [id], groupId: [groupId], userId: [bob.userId], messageId: "string", readCount: "number" },
      timestamp: "time",
    }),
    [],
  );
  t.like(first.data, { messageId: said.messageId, readCount: 1 });
  await carol.posts("/messages/ack", { sessionId: id, sessionType: "group", messageIds: [said.messageId] });
  await alice.device.sees("GROUP_MESSAGE_READ", ({ data }) => data.readCount === 2);
  const reads = await alice.gets<Row>(`/groups/${groupId}/messages/${said.messageId}/reads`);
  const reader: Shape = { userId: "string", nickname: "string", readAt: "time" };
  t.deepEqual(misfits(reads.data, { readCount: "number", unreadCount: "number", readMembers: [reader] }), []);
  t.like(reads.data, { readCount: 2, unreadCount: 0 });
  t.deepEqual(
    (reads.data.readMembers as Row[]).map(({ nickname }) => nickname),
    ["bob", "carol"],
  );
  t.deepEqual(bob.device.seen("GROUP_MESSAGE_READ"), []);
});

test("typing is shown to the others and stored nowhere", async (t) => {
  const { alice, bob, phone, id } = await friends();
  bob.device.sends({ type: "TYPING", data: { sessionId: id, sessionType: "single" } });
  for (const device of [alice.device, phone]) {
    const { data } = await device.sees("USER_TYPING");
    t.deepEqual(misfits(data, { userId: [bob.userId], sessionId: [id], timestamp: "time" }), []);
  }
  t.deepEqual(bob.device.seen("USER_TYPING"), []);
  t.deepEqual(await alice.history(id), []);
});

test("a mentioned user is notified, and the mention counts until it is read", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const id = await alice.createsGroup("Mentions", [bob, carol]);
  const frame = { groupId: id.slice(2), contentType: "text", content: "@bob look", mentions: [bob.userId] };
  const { data: said } = await alice.device.asks("SEND_MESSAGE", frame);
  const notification = await bob.device.sees("NOTIFICATION", isOf("message.mentioned"));
  t.like(notification.data, { sessionId: id, messageId: said.messageId, seq: 1, senderId: alice.userId });
  t.deepEqual((await carol.device.sees("NEW_MESSAGE")).data.mentions, [bob.userId]);
  t.like(await sessionOf(bob, id), { mentionCount: 1, unreadCount: 1 });
  t.like(await sessionOf(carol, id), { mentionCount: 0, unreadCount: 1 });
  await bob.posts(`/sessions/${id}/read`, { seq: 1 });
  t.like(await sessionOf(bob, id), { mentionCount: 0, unreadCount: 0 });
  t.deepEqual(carol.device.seen("NOTIFICATION", isOf("message.mentioned")), []);
});

test("a message that expires after reading or at a set time is gone on every device and in sync", async (t) => {
  const { alice, bob, phone, id } = await friends();
  const to = { receiverId: bob.userId, contentType: "text" };
  const burns = (await alice.device.asks("SEND_MESSAGE", { ...to, content: "burn", burnAfterReadMs: 300 })).data;
  const expireAt = Date.now() + 1_500;
  const ack = await alice.device.asks("SEND_MESSAGE", { ...to, content: "short-lived", expireAt });
  t.is(ack.type, "SEND_ACK");
  const ends = ack.data;
  const got = await bob.device.sees("NEW_MESSAGE", of(burns.messageId));
  t.is(got.data.burnAfterReadMs, 300);
  t.is((await bob.device.sees("NEW_MESSAGE", of(ends.messageId))).data.expireAt, expireAt);
  const { cursor } = (await phone.asks("SYNC", { cursor: 0 })).data;
  bob.device.sends({ type: "MESSAGE_READ", data: { sessionId: id, seq: 1 } });
  for (const device of [alice.device, phone, bob.device]) {
    for (const { messageId, seq } of [burns, ends]) {
      t.like((await device.sees("MESSAGE_EXPIRED", of(messageId))).data, { sessionId: id, seq });
    }
  }
  for (const person of [alice, bob]) {
    const history = await person.history(id);
    t.deepEqual(
      history.map(({ status }) => status),
      ["expired", "expired"],
    );
    t.false(/burn"|short-lived/.test(JSON.stringify(history)));
  }
  const { changes } = (await phone.asks("SYNC", { cursor })).data as { changes: Row[] };
  const [chat] = changes.filter(({ sessionId }) => sessionId === id) as [{ changes: Row[] }];
  t.deepEqual(
    chat.changes.flatMap(({ type, messageId }) => (type === "expired" ? [messageId] : [])).toSorted(),
    [burns.messageId, ends.messageId].toSorted(),
  );
});

test("the history is read in pages in both directions", async (t) => {
  const { alice, bob, id } = await friends();
  for (let i = 1; i <= 5; i += 1) await alice.says(bob, `m${i}`);
  const page = async (query: string) => {
    const { data } = await bob.gets<{ messages: Row[]; hasMore: boolean }>(
      `/messages/history?sessionId=${id}&sessionType=single&${query}`,
    );
    t.deepEqual(misfits(data, { messages: [{ ...message, status: ["sent", "delivered", "read"] }] }), []);
    return [data.messages.map(({ content }) => content).join(" "), data.hasMore];
  };
  t.deepEqual(await page("limit=2"), ["m4 m5", true]);
  t.deepEqual(await page("limit=2&startSeq=3"), ["m2 m3", true]);
  t.deepEqual(await page("limit=5&startSeq=1"), ["m1", false]);
  t.deepEqual(await page("limit=2&direction=forward"), ["m1 m2", true]);
  t.deepEqual(await page("limit=9&startSeq=3&direction=forward"), ["m3 m4 m5", false]);
  const found = await bob.gets<{ messages: Row[] }>("/messages/search?keyword=m3");
  t.like(found.data.messages[0], { content: "m3", seq: 3, sessionId: id });
});

test("a conversation is opened, pinned, muted and hidden on every device of the user", async (t) => {
  const { alice, bob, phone, id } = await friends();
  const [carol] = await connected(chat, "carol");
  await alice.befriends(carol);
  const opened = await alice.posts("/sessions", { userId: bob.userId });
  t.like(opened.data, { sessionId: id, sessionType: "single", unreadCount: 0, lastMessage: null });
  t.like(await alice.posts("/sessions", { userId: "12345" }), { code: 50107 });
  await bob.says(alice, "hello");
  await alice.device.sees("NEW_MESSAGE");
  await carol.says(alice, "hi");
  await alice.device.sees("NEW_MESSAGE", ({ data }) => data.content === "hi");
  const listed = await alice.gets<{ sessions: Row[]; updateTime: number }>("/sessions");
  const entry: Shape = {
    ...{ sessionId: "string", sessionType: ["single"], name: "string", avatar: "string", unreadCount: "number" },
    lastMessage: { fields: { content: "string", contentType: ["text"], timestamp: "time" } },
    ...{ isPinned: "boolean", isMuted: "boolean", updatedAt: "time" },
  };
  t.deepEqual(misfits(listed.data, { sessions: [entry], updateTime: "time" }), []);
  t.deepEqual(
    listed.data.sessions.map(({ name }) => name),
    ["carol", "bob"],
  );
  t.like(await alice.puts(`/sessions/${id}/pin`, { pinned: true }), { code: 0, data: null });
  t.like((await phone.sees("NOTIFICATION", isOf("session.pin_updated"))).data, { sessionId: id, isPinned: true });
  t.deepEqual(
    (await sessionsOf(alice)).map(({ name }) => name),
    ["bob", "carol"],
  );
  t.is((await alice.puts(`/conversations/${id}/mute`, { muted: true })).code, 0);
  t.like((await phone.sees("NOTIFICATION", isOf("session.mute_updated"))).data, { sessionId: id, isMuted: true });
  t.is((await alice.gets("/sessions/unread/total")).data.totalUnread, 1, "muted conversations do not count");
  t.like((await alice.gets(`/sessions/${id}`)).data, { isPinned: true, isMuted: true, userId: bob.userId });
  const since = Number(listed.data.updateTime);
  t.like(await alice.deletes(`/sessions/${id}`), { code: 0, data: null });
  t.like((await phone.sees("NOTIFICATION", isOf("session.deleted"))).data, { sessionId: id, reason: "hidden" });
  t.deepEqual(
    (await sessionsOf(alice)).map(({ name }) => name),
    ["carol"],
  );
  t.deepEqual((await alice.gets(`/sessions?lastUpdateTime=${since}`)).data.deletedIds, [id]);
  await bob.says(alice, "back");
  await alice.device.sees("NEW_MESSAGE", ({ data }) => data.content === "back");
  t.deepEqual(
    (await sessionsOf(alice)).map(({ name }) => name),
    ["bob", "carol"],
  );
  t.is((await alice.puts(`/sessions/${id}/pin`, { pinned: false })).code, 0);
  t.is((await sessionOf(alice, id))?.isPinned, false);
  t.like(await alice.puts("/sessions/s_1_2/pin", { pinned: true }), { status: 404, code: 60101 });
});

test("a read mark far beyond the last message covers no message that comes after it", async (t) => {
  const { alice, bob, id } = await friends();
  await alice.says(bob, "read");
  bob.device.sends({ type: "MESSAGE_READ", data: { sessionId: id, seq: 9_999 } });
  bob.device.sends({ type: "PING" });
  await bob.device.sees("PONG");
  const { seq } = await alice.says(bob, "not read yet");
  const receipt = await alice.device.sees("MESSAGE_READ", ({ data }) => data.userId === bob.userId);
  t.is(receipt.data.seq, Number(seq) - 1);
  t.like(await sessionOf(bob, id), { unreadCount: 1 });
});

test("a reply can only refer to a message of the same conversation that its sender may see", async (t) => {
  const { alice, bob, id } = await friends();
  const [carol] = await connected(chat, "carol");
  await alice.befriends(carol);
  const { messageId: elsewhere } = await alice.says(carol, "elsewhere");
  const { messageId: first } = await alice.says(bob, "first");
  const answer = (replyTo: unknown, more: Row = {}) => ({
    ...{ sessionId: id, contentType: "text", content: "answer", replyTo },
    ...more,
  });
  for (const wrong of ["999", "nonsense", elsewhere]) {
    t.like(await alice.posts("/messages", answer(wrong)), { status: 404, code: 50101 }, `REST ${wrong}`);
    t.is((await alice.device.asks("SEND_MESSAGE", answer(wrong))).code, 50101, `WS ${wrong}`);
  }
  t.is((await alice.posts("/messages", answer(first, { clientMsgId: "k" }))).code, 0);
  t.is((await alice.device.asks("SEND_MESSAGE", answer(first))).type, "SEND_ACK");

  const group = await alice.createsGroup("hidden", [bob]);
  await alice.puts(`/groups/${group.slice(2)}`, { allowViewHistory: false });
  const { messageId: before } = await alice.says(group, "before");
  await alice.posts(`/groups/${group.slice(2)}/members`, { userIds: [carol.userId] });
  const fromBefore = answer(before, { sessionId: group });
  t.like(await carol.posts("/messages", fromBefore), { status: 404, code: 50101 }, "from before carol's time");

  // A retry of an accepted reply gets the same answer, even when the sender has deleted the referenced message since.
  await alice.deletes(`/messages/${first}`);
  t.is((await alice.posts("/messages", answer(first, { clientMsgId: "k" }))).code, 0);
  t.like(await alice.posts("/messages", answer(first)), { status: 404 });
});

test("the server fills in forwarded messages from the originals, and refuses made-up ones", async (t) => {
  const { alice, bob, phone, id } = await friends();
  const [carol, mallory] = await connected(chat, "carol", "mallory");
  await carol.befriends(alice);
  await mallory.befriends(alice);
  const { messageId: hello } = await bob.says(alice, "hello");
  const { messageId: world } = await alice.says(bob, "world");
  const { messageId: gone } = await alice.says(bob, "gone");
  await alice.posts(`/messages/${gone}/recall`);
  const forward = (where: Person, from: Person, content: Row, more: Row = {}) => ({
    ...{ sessionId: from.chatWith(where), contentType: "merged_forward", content },
    ...more,
  });
  const invented = { title: "t", messages: [{ senderName: "Boss", content: "I never said this" }] };
  t.like(await alice.posts("/messages", forward(carol, alice, invented)), { status: 400, code: 1 });
  t.is((await alice.device.asks("SEND_MESSAGE", forward(carol, alice, invented))).code, 1);

  // Forwarded messages keep the order of the chat, and the forward keeps its place among the socket's sends.
  alice.device.sends({
    ...{ type: "SEND_MESSAGE", msgId: "forward" },
    data: forward(carol, alice, { title: "alice and bob", messageIds: [world, hello], sessionId: id }),
  });
  await alice.says(carol, "did you see?");
  const seen = await carol.device.sees("NEW_MESSAGE", ({ data }) => data.contentType === "merged_forward");
  t.like(seen.data.content, {
    ...{ title: "alice and bob", count: 2 },
    previews: [
      { senderName: "bob", contentType: "text", content: "hello" },
      { senderName: "alice", contentType: "text", content: "world" },
    ],
  });
  const later = await carol.device.sees("NEW_MESSAGE", ({ data }) => data.content === "did you see?");
  t.true(Number(later.data.seq) > Number(seen.data.seq));
  await phone.sees("NEW_MESSAGE", ({ data }) => data.contentType === "merged_forward");

  const rest = forward(carol, alice, { messageIds: [hello] }, { clientMsgId: "k" });
  const first = await alice.posts("/messages", rest);
  t.is(first.code, 0);
  t.like(await alice.posts("/messages", forward(carol, alice, { messageIds: [gone] })), { status: 410, code: 50102 });
  t.like(await mallory.posts("/messages", forward(alice, mallory, { messageIds: [hello] })), { status: 404 });
  await bob.posts(`/messages/${hello}/recall`);
  t.is((await alice.posts("/messages", rest)).data.messageId, first.data.messageId, "a retry is answered as before");
});
