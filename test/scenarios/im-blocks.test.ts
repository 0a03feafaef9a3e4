// Ways round a block: whatever a blocked user tries, nothing rings, counts or opens a conversation for the user who blocked,
// and the block is still listed.
import test from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import type { TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ limits: { readMarkEveryMs: 10 } });
});
test.after.always(() => chat.close());

const unreadOf = async (person: Person) => (await person.gets<{ total: number }>("/sessions/unread/total")).data.total;
const blockedBy = async (person: Person) => {
  const { data } = await person.gets<{ blacklist: { userId: string }[] }>("/friends/blacklist");
  return data.blacklist.map(({ userId }) => userId);
};
const isOfBo = (bo: Person) => (frame: TestFrame) =>
  frame.data.type !== "friend.blacklist_changed" &&
  [frame.data.senderId, frame.data.userId, frame.data.fromUserId, frame.data.callerId, frame.data.inviterId].includes(
    bo.userId,
  );

test("a blocked user who was a friend reaches nobody by message, edit, typing, request, call, scan or mark", async (t) => {
  const [ana, bo] = await people(chat, "ana", "bo");
  await ana.befriends(bo);
  await Promise.all([ana.connects(), bo.connects()]);
  const { messageId } = await bo.says(ana, "before");
  await ana.device.sees("NEW_MESSAGE");
  const sessionId = ana.chatWith(bo);
  await ana.posts(`/sessions/${sessionId}/read`, { seq: 1 });
  await ana.posts("/friends/blacklist", { userId: bo.userId });
  await ana.device.sees("NOTIFICATION", ({ data }) => data.type === "friend.blacklist_changed");
  const before = ana.device.frames.length;
  const tries: [string, () => Promise<{ codeStr?: string }>, string][] = [
    ["message", () => bo.posts("/messages", { sessionId, contentType: "text", content: "x" }), "050108"],
    ["frame", () => bo.device.asks("SEND_MESSAGE", { sessionId, contentType: "text", content: "x" }), "050108"],
    ["edit", () => bo.puts(`/messages/${messageId}`, { content: "changed" }), "050108"],
    ["request", () => bo.posts("/friends/requests", { userId: ana.userId }), "030102"],
    ["call", () => bo.posts("/calls/invite", { calleeId: ana.userId, callType: "audio" }), ""],
    ["open", () => bo.posts("/sessions", { receiverId: ana.userId }), "050108"],
  ];
  for (const [way, attempt, code] of tries) {
    const { codeStr } = await attempt();
    if (code) t.is(codeStr, code, way);
    else t.truthy(codeStr, way);
    t.deepEqual(await blockedBy(ana), [bo.userId], way);
  }
  bo.device.sends({ type: "TYPING", data: { sessionId, sessionType: "single" } });
  await bo.posts(`/sessions/${sessionId}/read`, { seq: 1 });
  await bo.device.asks("PRESENCE_SUBSCRIBE", { userIds: [ana.userId] });
  const { code } = (await ana.gets("/users/me/qrcode")).data;
  t.like((await bo.gets(`/users/qrcode/${code}`)).data, { userId: ana.userId });
  const rings = ["NEW_MESSAGE", "USER_TYPING", "MESSAGE_EDITED"];
  await staysTrue(
    () =>
      !ana.device.frames
        .slice(before)
        .some((frame) => rings.includes(frame.type) || frame.data.type === "friend.request"),
    300,
  );
  t.is(await unreadOf(ana), 0);
  await ana.deletes(`/friends/blacklist/${bo.userId}`);
  await staysTrue(() => ana.device.seen("NEW_MESSAGE").length === 1, 300);
  t.deepEqual(
    (await ana.history(sessionId)).map(({ content }) => content),
    ["before"],
    "nothing was held back",
  );
});

test("a blocked user makes no group with the user who blocked, by list, invitation or a third person's group", async (t) => {
  const [ana, bo, cy] = await people(chat, "ana", "bo", "cy");
  await Promise.all([ana.connects(), bo.connects()]);
  await ana.posts("/friends/blacklist", { userId: bo.userId });
  const alone = await bo.posts("/groups", { name: "us two", memberIds: [ana.userId] });
  const three = await bo.posts("/groups", {
    name: "us three",
    memberIds: [ana.userId, cy.userId],
    joinVerify: false,
  });
  for (const made of [alone, three]) {
    if (made.status !== 200) continue;
    const members = await bo.gets<{ members: { userId: string }[] }>(`/groups/${made.data.groupId}/members`);
    t.false(members.data.members.some(({ userId }) => userId === ana.userId));
  }
  t.is(three.status, 200);
  await cy.connects();
  await cy.says(`g_${three.data.groupId}`, "hello");
  const invited = await bo.posts(`/groups/${three.data.groupId}/members`, { memberIds: [ana.userId] });
  t.false((invited.data?.successIds as string[] | undefined)?.includes(ana.userId) ?? false);
  await staysTrue(() => !ana.device.frames.some((frame) => frame.type === "NEW_MESSAGE" || isOfBo(bo)(frame)), 300);
  t.deepEqual((await ana.gets<{ sessions: unknown[] }>("/sessions")).data.sessions, []);
  t.is(await unreadOf(ana), 0);
  t.deepEqual(await blockedBy(ana), [bo.userId]);
});

test("in a group of both, messages arrive, and a mention by the blocked user does not ping", async (t) => {
  const [ana, bo, cy] = await people(chat, "ana", "bo", "cy");
  const sessionId = await cy.createsGroup("all", [ana, bo]);
  await Promise.all([ana.connects(), bo.connects()]);
  await ana.posts("/friends/blacklist", { userId: bo.userId });
  const message = { sessionId, contentType: "text", content: "hey", mentions: [ana.userId] };
  t.is((await bo.device.asks("SEND_MESSAGE", message)).type, "SEND_ACK");
  await ana.device.sees("NEW_MESSAGE");
  await staysTrue(() => !ana.device.frames.some(({ data }) => data.type === "message.mentioned"), 300);
  const { data } = await ana.gets<{ sessions: { mentionCount: number }[] }>("/sessions");
  t.is(data.sessions[0]?.mentionCount, 0);
  t.deepEqual(await blockedBy(ana), [bo.userId]);
});

test("an old code of a group does not undo its owner's block: it makes a request to the group, and opens no chat", async (t) => {
  const [ana, bo, cy] = await people(chat, "ana", "bo", "cy");
  const made = await ana.posts("/groups", { name: "Ana's", memberIds: [cy.userId], joinVerify: true });
  const { code } = (await ana.gets(`/groups/${made.data.groupId}/qrcode`)).data;
  await ana.connects();
  await ana.posts("/friends/blacklist", { userId: bo.userId });
  t.like((await bo.posts(`/groups/qrcode/${code}/join`, { message: "let me in" })).data, { needVerify: true });
  await staysTrue(() => ana.device.seen("NEW_MESSAGE").length === 0, 300);
  t.deepEqual(await blockedBy(ana), [bo.userId]);
  t.is(await unreadOf(ana), 0);
  const { sessions } = (await ana.gets<{ sessions: { sessionId: string }[] }>("/sessions")).data;
  t.false(sessions.some(({ sessionId }) => sessionId === ana.chatWith(bo)));
});

test("a message that races a block is either there before it, or refused", async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const [ana, bo] = await people(chat, "ana", "bo");
    await ana.befriends(bo);
    await bo.connects();
    const [, sent] = await Promise.all([
      ana.posts("/friends/blacklist", { userId: bo.userId }),
      bo.device.asks("SEND_MESSAGE", { sessionId: ana.chatWith(bo), contentType: "text", content: "now" }),
    ]);
    const isThere = sent.type === "SEND_ACK";
    if (!isThere) t.is(sent.codeStr, "050108");
    await eventually(async () => (await unreadOf(ana)) === (isThere ? 1 : 0));
    t.deepEqual(await blockedBy(ana), [bo.userId]);
  }
});
