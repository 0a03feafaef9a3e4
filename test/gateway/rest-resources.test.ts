import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { aliceId, bobId, pair, startEdge } from "./rest-edge.ts";

test("a user is found by exact address only, as far as the user's settings allow", async (t) => {
  const card = { userId: bobId, nickname: "Bob", avatar: "", signature: "", searchByPhone: false, searchById: true };
  await using edge = await startEdge({ "handle.find": () => ({ userId: bobId }), "user.card": () => card });
  const search = async (keyword: string) =>
    (
      await edge.ask("GET", `/api/v1/users/search?keyword=${encodeURIComponent(keyword)}`, {
        token: edge.tokenOf(aliceId),
      })
    ).body.data;
  t.is((await search("bob")).total, 1);
  t.is((await search(bobId)).total, 1);
  t.is((await search("+8613800000000")).total, 0);
  t.is((await search("bob@example.org")).total, 0);
  t.deepEqual((await search("bob")).users, [{ userId: bobId, nickname: "Bob", avatar: "", signature: "" }]);
});

test("friend requests are answered in both spellings", async (t) => {
  const request = {
    ...{ type: "request", id: "r1", userId: bobId, direction: "received", message: "hi", source: "search" },
    ...{ status: "pending", createdAtMs: 1, updatedAtMs: 2, version: 1 },
  };
  await using edge = await startEdge({
    "user.items": () => ({ version: 1, full: false, items: [request] }),
    "conversation.requestFriend": () => ({ requestId: "r1", status: "accepted" }),
    "conversation.handleFriendRequest": ({ input }) => ({ status: input.accept ? "accepted" : "rejected" }),
  });
  const token = edge.tokenOf(aliceId);
  const asked = await edge.ask("POST", "/api/v1/friends/requests", { token, body: { userId: bobId } });
  t.deepEqual(asked.body.data, { requestId: "r1", status: "accepted", autoAccepted: true });
  t.is(edge.callsOf("conversation.requestFriend")[0]?.key, pair);
  const self = await edge.ask("POST", "/api/v1/friends/requests", { token, body: { userId: aliceId } });
  t.is(self.body.code, 30108);
  const handle = (id: string, body: object) => edge.ask("PUT", `/api/v1/friends/requests/${id}`, { token, body });
  t.is((await handle("r1", { action: "accept" })).body.data.status, "accepted");
  t.is((await handle("r1", { accept: false })).body.data.status, "rejected");
  t.is((await handle("r1", {})).body.code, 1);
  t.is((await handle("r2", { accept: true })).body.code, 30104);
  const listed = await edge.ask("GET", "/api/v1/friends/requests?type=received", { token });
  t.like(listed.body.data.requests[0], { requestId: "r1", fromUserId: bobId, toUserId: aliceId, createdAt: 1 });
  t.is((await edge.ask("GET", "/api/v1/friends/requests?type=sent", { token })).body.data.total, 0);
});

test("members are added to groups in both spellings", async (t) => {
  const info = {
    groupId: "250000000000000",
    name: "Tea",
    ownerId: aliceId,
    memberCount: 2,
    createdAtMs: 5,
    updatedAtMs: 6,
  };
  await using edge = await startEdge({
    "user.newGroupId": () => ({ groupId: info.groupId }),
    "conversation.createGroup": () => ({ ...info, failedIds: [] }),
    "conversation.invite": () => ({ successIds: [bobId], failedIds: [], memberCount: 2 }),
    "conversation.exit": () => null,
    "conversation.muteMember": () => null,
    "conversation.setRole": () => null,
    "conversation.members": ({ input }) => ({
      total: 1,
      hasMore: false,
      members: [{ userId: bobId, role: "member", joinedAtMs: input.from.offset, groupNickname: "", isMuted: false }],
    }),
  });
  const token = edge.tokenOf(aliceId);
  const post = (path: string, body?: object) => edge.ask("POST", `/api/v1/groups${path}`, { token, body });
  for (const ids of [{ memberIds: [bobId, bobId] }, { userIds: [bobId] }]) {
    const made = await post("", { name: " Tea ", ...ids });
    t.like(made.body.data, { groupId: info.groupId, createdAt: 5, sessionId: `g_${info.groupId}` });
    t.is((await post(`/${info.groupId}/members`, ids)).body.data.memberCount, 2);
  }
  t.deepEqual(edge.callsOf("conversation.createGroup")[0]?.input, {
    ...{ ownerId: aliceId, name: "Tea", avatar: "", memberIds: [bobId] },
  });
  for (const path of ["exit", "quit"]) t.is((await post(`/${info.groupId}/${path}`)).body.code, 0);
  t.is((await post("/nonsense/exit")).body.code, 40101);
  t.is((await post("", { name: "Tea" })).body.code, 1);
  const many = Array.from({ length: 201 }, (_, n) => String(n));
  t.is((await post("", { name: "Tea", memberIds: many })).body.code, 1);
  const page = await edge.ask("GET", `/api/v1/groups/${info.groupId}/members?page=3&pageSize=10`, { token });
  t.like(page.body.data.members[0], { nickname: `name of ${bobId}`, joinedAt: 20, userInfo: { userId: bobId } });
  const member = `/api/v1/groups/${info.groupId}/members/${bobId}`;
  await edge.ask("PUT", `${member}/mute`, { token, body: { duration: 60 } });
  await edge.ask("PUT", `${member}/mute`, { token, body: { muted: false } });
  t.deepEqual(
    edge.callsOf("conversation.muteMember").map(({ input }) => input.untilMs),
    [edge.clock.nowMs + 60_000, 0],
  );
  t.is((await edge.ask("PUT", `${member}/role`, { token, body: { role: "owner" } })).body.code, 1);
  t.is((await post(`/${info.groupId}/admins`, { userId: bobId })).body.code, 0);
});

const stored = {
  ...{ messageId: "260000000000000", conversationId: pair, bucket: 0, seq: 4, version: 6, senderId: bobId },
  ...{ senderName: "Bob", senderAvatar: "", clientMsgId: "c1", contentType: "text", content: "hi", atMs: 9 },
  ...{ status: "normal" as const, viewStatus: "read" as const, isPinned: false, reactions: [] },
};
const asOf = { status: "normal" as const, asOfVersion: 6 };
const ref = { messageId: stored.messageId, seq: 4, bucket: 0, senderId: bobId, atMs: 9, contentType: "text", ...asOf };
type Reading = Awaited<Parameters<typeof startEdge>[1] & object>["reading"] & object;
const reading = (parts: Partial<Reading>) => ({ reading: parts as Reading });

test("a message is sent to a user, a group or a conversation, and its key makes a retry harmless", async (t) => {
  await using edge = await startEdge({
    "conversation.send": () => ({ messageId: stored.messageId, seq: 4, version: 6, atMs: 9 }),
  });
  const token = edge.tokenOf(aliceId);
  const send = (body: object, headers = {}) => edge.ask("POST", "/api/v1/messages", { token, body, headers });
  const text = { contentType: "text", content: "hi" };
  const sent = await send({ ...text, receiverId: bobId, clientMsgId: "c1", expireAt: 1_900_000_000 });
  t.deepEqual(sent.body.data, {
    ...{ messageId: stored.messageId, clientMsgId: "c1", sessionId: pair, sessionType: "single" },
    ...{ seq: 4, version: 6, timestamp: 9 },
  });
  const [first] = edge.callsOf("conversation.send");
  t.like(first, { key: pair, options: { deadlineMs: edge.clock.nowMs + 15_000 } });
  t.is(first?.options.commandId, undefined);
  t.like(first?.input, { senderId: aliceId, senderName: `name of ${aliceId}`, deviceId: "d1" });
  t.is(first?.input.options.expireAtMs, 1_900_000_000_000);
  await send({ ...text, groupId: "250000000000000" }, { "idempotency-key": "k" });
  t.like(edge.callsOf("conversation.send")[1], { key: "g_250000000000000", input: { clientMsgId: "k" } });
  t.is((await send({ ...text, sessionId: "s_9_1" })).body.code, 60101);
  t.is((await send(text)).body.code, 1);
  t.is((await send({ contentType: "text", receiverId: bobId })).body.code, 1);
});

test("a message is changed by its id, wherever it is", async (t) => {
  const overrides = reading({ findMessage: async () => ({ conversationId: pair, message: stored, ref }) });
  const script = {
    "conversation.edit": () => ({ version: 7 }),
    "conversation.recall": () => ({ version: 8 }),
    "user.deleteMessages": () => null,
  };
  await using edge = await startEdge(script, overrides);
  const token = edge.tokenOf(aliceId);
  const path = `/api/v1/messages/${stored.messageId}`;
  t.is((await edge.ask("PUT", path, { token, body: { content: "ho" } })).body.data.version, 7);
  t.is((await edge.ask("POST", `${path}/recall`, { token })).body.data.version, 8);
  t.is((await edge.ask("DELETE", path, { token })).body.code, 0);
  t.deepEqual(edge.callsOf("conversation.recall")[0]?.input, { by: aliceId, message: ref });
  t.deepEqual(edge.callsOf("user.deleteMessages")[0]?.input.messages, [{ messageId: stored.messageId, seq: 4 }]);
  t.is((await edge.ask("DELETE", "/api/v1/messages/abc", { token })).body.code, 50101);
});

test("pages of history are cut at the end that is farthest from their start", async (t) => {
  const big = [1, 2, 3].map((seq) => ({ ...stored, seq, content: "x".repeat(300 * 1024) }));
  await using edge = await startEdge({}, reading({ history: async () => ({ messages: big, hasMore: false }) }));
  const page = async (direction: string) => {
    const path = `/api/v1/messages/history?sessionId=${pair}&direction=${direction}`;
    const { body } = await edge.ask("GET", path, { token: edge.tokenOf(aliceId) });
    t.true(body.data.hasMore);
    return body.data.messages.map((message: { seq: number }) => message.seq);
  };
  t.deepEqual(await page("forward"), [1]);
  t.deepEqual(await page("backward"), [3]);
});

test("offline messages follow the device's cursor; small numbers mean the beginning", async (t) => {
  const asked: unknown[] = [];
  const change = {
    ...{ type: "conversation" as const, conversationId: pair, fromVersion: 0, version: 6, seq: 4, countSeq: 4 },
    ...{
      full: false,
      messages: [{ ...stored, seq: 5, atMs: 12 }, stored],
      changes: [],
      readSeq: 0,
      unreadCount: 1,
      mentionCount: 0,
    },
  };
  const vector = { userVersion: 0, conversations: {} };
  const result = { changes: [change], cursor: 240_000_000_000_777, vector, hasMore: true, full: false, storeId: "s" };
  const sync: Reading["sync"] = async (input) => {
    asked.push(input.from);
    return result;
  };
  await using edge = await startEdge({}, reading({ sync }));
  const token = edge.tokenOf(aliceId);
  for (const lastSeq of [0, 17, 240_000_000_000_777]) {
    const { body } = await edge.ask("GET", `/api/v1/messages/offline?lastSeq=${lastSeq}`, { token });
    t.like(body.data, { hasMore: true, nextSeq: 240_000_000_000_777 });
    t.deepEqual(
      body.data.messages.map((message: { seq: number }) => message.seq),
      [4, 5],
    );
    t.like(body.data.messages[0], { sessionId: pair, timestamp: 9, status: "read", content: "hi" });
  }
  t.deepEqual(asked, [{ cursor: 0 }, { cursor: 0 }, { cursor: 240_000_000_000_777 }]);

  const synced = await edge.ask("POST", "/api/v1/sync", { token, body: { vector: { [pair]: 3 }, userVersion: 2 } });
  t.deepEqual(asked[3], { vector: { userVersion: 2, conversations: { [pair]: 3 } } });
  t.like(synced.body.data.changes[0], { type: "conversation", sessionId: pair, version: 6 });
  t.is((await edge.ask("POST", "/api/v1/sync", { token, body: { vector: { [pair]: "3" } } })).body.code, 1);
});

test("a read mark goes to the conversation and to the reader's other devices", async (t) => {
  const findMessage: Reading["findMessage"] = async ({ messageId }) => {
    if (messageId !== stored.messageId) throw new DomainError("message.not_found");
    return { conversationId: pair, message: stored, ref };
  };
  const script = {
    "conversation.markRead": () => ({ seq: 4, countSeq: 3 }),
    "conversation.window": () => ({ head: { seq: 4 } }),
    "user.markRead": () => null,
  };
  await using edge = await startEdge(script, reading({ findMessage }));
  const token = edge.tokenOf(aliceId);
  const ack = (body: object) => edge.ask("POST", "/api/v1/messages/ack", { token, body: { sessionId: pair, ...body } });
  t.is((await ack({ messageIds: ["1", "999999999999999", stored.messageId, "junk"] })).body.code, 0);
  t.deepEqual(edge.callsOf("user.markRead")[0]?.input, { conversationId: pair, seq: 4, countSeq: 3 });
  t.is((await ack({ messageIds: ["1"] })).body.code, 50101);
  t.is((await ack({})).body.code, 1);
  t.is((await edge.ask("POST", `/api/v1/conversations/${pair}/read`, { token })).body.code, 0);
});

test("the conversation list is served under both names", async (t) => {
  const entry = {
    ...{ type: "conversation" as const, id: pair, conversationType: "single" as const, joinedAtMs: 1 },
    ...{ fanout: "users" as const, isPinned: true, pinnedAtMs: 2, isMuted: false, hiddenSeq: 0, clearedSeq: 0 },
    ...{ readSeq: 3, readCountSeq: 3, mentionSeqs: [], remark: "" },
  };
  const last = { messageId: stored.messageId, seq: 4, senderId: bobId, contentType: "text", preview: "hi", atMs: 9 };
  const head = { version: 6, seq: 4, countSeq: 4, updatedAtMs: 9, last };
  const counts = { unreadCount: 1, mentionCount: 0 };
  const view = { entry, head, last, ...counts, isHidden: false, name: "Bob", avatar: "", updatedAtMs: 9 };
  const sessions: Reading["sessions"] = async () => ({ sessions: [view], deletedIds: [], full: true, updateTimeMs: 9 });
  const session: Reading["session"] = async ({ conversationId }) => {
    if (conversationId !== pair) throw new DomainError("session.not_found");
    return view;
  };
  const overrides = reading({ sessions, session, unreadTotal: async () => 1 });
  await using edge = await startEdge({ "user.pin": () => null }, overrides);
  const token = edge.tokenOf(aliceId);
  for (const name of ["sessions", "conversations"]) {
    const { data } = (await edge.ask("GET", `/api/v1/${name}`, { token })).body;
    t.like(data, { total: 1, updateTime: 9, hasMore: false });
    t.like(data.sessions[0], {
      sessionId: pair,
      sessionType: "single",
      userId: bobId,
      unreadCount: 1,
      isPinned: true,
      pinnedAt: 2,
    });
    t.like(data.sessions[0].lastMessage, { content: "hi", timestamp: 9 });
    t.is((await edge.ask("GET", `/api/v1/${name}/unread/total`, { token })).body.data.totalUnread, 1);
    t.is((await edge.ask("GET", `/api/v1/${name}/${pair}`, { token })).body.data.name, "Bob");
    for (const body of [{ pinned: true }, { isPinned: false }]) {
      t.is((await edge.ask("PUT", `/api/v1/${name}/${pair}/pin`, { token, body })).body.code, 0);
    }
  }
  t.is((await edge.ask("GET", `/api/v1/sessions/s_1_2`, { token })).body.code, 60101);
  for (const body of [{}, { userId: null }, { sessionType: "single" }]) {
    const refused = await edge.ask("POST", "/api/v1/sessions", { token, body });
    t.is(refused.status, 400);
    t.is(refused.body.codeStr, "060103");
  }
});

test("a total that cannot be counted now is answered as such", async (t) => {
  const unreadTotal = () => Promise.reject(new RuntimeError("unreachable", "no host"));
  await using edge = await startEdge({}, reading({ unreadTotal }));
  const { status, body } = await edge.ask("GET", "/api/v1/sessions/unread/total", { token: edge.tokenOf(aliceId) });
  t.is(status, 503);
  t.is(body.codeStr, "060104");
});
