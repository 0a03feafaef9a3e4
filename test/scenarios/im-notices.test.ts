// Notifications that a user's devices get without asking: unread counts, and friends who come online and go offline.
import test from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";
import type { TestDevice, TestFrame } from "../support/test-device.ts";

const isOf = (type: string) => (frame: TestFrame) => frame.type === "NOTIFICATION" && frame.data.type === type;

function countsOf(device: TestDevice, sessionId: string): TestFrame["data"][] {
  const own = device.frames.filter(
    (frame) => isOf("session.unread_updated")(frame) && frame.data.sessionId === sessionId,
  );
  return own.map(({ data }) => data);
}

test("counts follow messages, mentions, reads and mutes on every device, as the list shows them", async (t) => {
  await using node = await startTestNode();
  const [ana, bo, cy] = await people(node, "ana", "bo", "cy");
  await ana.befriends(bo);
  const group = await ana.createsGroup("walkers", [bo, cy]);
  await Promise.all([ana.connects(), bo.connects()]);
  const phone = await bo.opens(await bo.logsIn("iOS", "bo-phone"));
  const chat = ana.chatWith(bo);
  const last = (device: TestDevice, id: string) => countsOf(device, id).at(-1);

  await ana.says(bo, "one");
  await ana.says(bo, "two");
  for (const device of [bo.device, phone]) await eventually(() => last(device, chat)?.unreadCount === 2);
  await ana.device.asks("SEND_MESSAGE", {
    ...{ sessionId: group, contentType: "text", content: "@bo?", mentions: [bo.userId] },
  });
  await eventually(() => last(phone, group)?.mentionCount === 1);
  await eventually(() => last(phone, group)?.totalUnread === 3);
  const listed = await bo.gets<{ sessions: { sessionId: string; unreadCount: number; mentionCount: number }[] }>(
    "/sessions",
  );
  t.like(
    listed.data.sessions.find(({ sessionId }) => sessionId === group),
    { unreadCount: 1, mentionCount: 1 },
  );

  bo.device.sends({ type: "MESSAGE_READ", data: { sessionId: chat, seq: 2 } });
  for (const device of [bo.device, phone]) {
    await eventually(() => last(device, chat)?.unreadCount === 0);
    t.like(last(device, chat), { readSeq: 2, totalUnread: 1 });
    t.is(typeof last(device, chat).userVersion, "number");
  }
  await bo.puts(`/sessions/${group}/mute`, { isMuted: true });
  await eventually(() => last(phone, group)?.totalUnread === 0);
  t.is(last(phone, group).unreadCount, 1);
  await staysTrue(() => countsOf(ana.device, chat).length === 0, 200);
  t.is((await bo.gets("/sessions/unread/total")).data.totalUnread, 0);
});

test("entries that are pinned say when, and stand in that order; the list names what is not there", async (t) => {
  await using node = await startTestNode();
  const [ana, bo, cy] = await people(node, "ana", "bo", "cy");
  await ana.connects();
  for (const friend of [bo, cy]) {
    await ana.befriends(friend);
    await ana.says(friend, "hello");
  }
  const sessions = async () => (await ana.gets<{ sessions: TestFrame["data"][] }>("/sessions")).data.sessions;
  t.deepEqual(
    (await sessions()).map(({ pinnedAt }) => pinnedAt),
    [0, 0],
  );
  for (const friend of [cy, bo]) await ana.puts(`/sessions/${ana.chatWith(friend)}/pin`, { pinned: true });
  const pinned = await sessions();
  t.deepEqual(
    pinned.map(({ name }) => name),
    ["bo", "cy"],
  );
  t.true(pinned.every(({ pinnedAt, isPinned }) => isPinned && Math.abs(Date.now() - pinnedAt) < 60_000));
  t.true(pinned[0].pinnedAt >= pinned[1].pinnedAt);
  t.like(await ana.posts("/sessions", {}), { status: 400, codeStr: "060103" });
  t.like(await ana.gets(`/sessions/${ana.chatWith(await Person.registers(node, "di"))}`), {
    status: 404,
    codeStr: "060101",
  });
  await ana.deletes(`/sessions/${ana.chatWith(bo)}`);
  t.like(await ana.gets(`/sessions/${ana.chatWith(bo)}`), { status: 410, codeStr: "060102" });
});

test("a sync from the beginning, and one of several answers, is told to the user's devices when it has ended", async (t) => {
  await using node = await startTestNode({ limits: { maxPageMessages: 20 } });
  const [ana, bo] = await people(node, "ana", "bo");
  await ana.befriends(bo);
  await Promise.all([ana.connects(), bo.connects()]);
  const phone = await bo.opens(await bo.logsIn("iOS", "bo-phone"));
  const completed = (device: TestDevice) => device.frames.filter(isOf("sync.completed")).map(({ data }) => data);
  const first = await phone.asks("SYNC", { cursor: 0 });
  await eventually(() => completed(bo.device).length === 1 && completed(phone).length === 1);
  t.like(completed(bo.device)[0], { deviceId: "bo-phone", cursor: first.data.cursor });

  await ana.says(bo, "one");
  const small = await phone.asks("SYNC", { cursor: first.data.cursor });
  t.false(small.data.hasMore);
  for (let n = 0; n < 30; n += 1) await ana.says(bo, `message ${n}`);
  let { data } = await phone.asks("SYNC", { cursor: small.data.cursor });
  t.true(data.hasMore);
  while (data.hasMore) ({ data } = await phone.asks("SYNC", { cursor: data.cursor }));
  await eventually(() => completed(bo.device).length === 2);
  t.is(completed(bo.device)[1].cursor, data.cursor);

  const di = await Person.registers(node, "di");
  await di.connects();
  t.is((await di.posts("/sync", { cursor: 0 })).data.hasMore, false);
  await eventually(() => completed(di.device).length === 1);
});

test("a sync by time brings friend groups, invitations, the blacklist and settings along", async (t) => {
  await using node = await startTestNode();
  const [ana, bo, cy] = await people(node, "ana", "bo", "cy");
  await ana.befriends(bo);
  const { data: made } = await ana.posts("/friends/groups", { name: "Family" });
  await ana.puts(`/friends/${bo.userId}/groups`, { groupIds: [made.groupId] });
  await ana.posts("/friends/blacklist", { userId: cy.userId });
  await ana.puts("/users/me/settings", { groupInviteConsent: true, language: "en" });
  const group = await bo.posts("/groups", { name: "walkers", memberIds: [ana.userId, cy.userId] });
  t.is(group.code, 0);
  for (const lastSyncTime of [0, Date.now() + 1_000]) {
    const { data } = await ana.posts<TestFrame["data"]>("/sync", { lastSyncTime });
    t.like(data.friendGroups[0], { groupId: made.groupId, name: "Family", userIds: [bo.userId] });
    t.like(data.invitations[0], { groupId: group.data.groupId, groupName: "walkers", status: "pending" });
    t.like(data.blacklist[0], { userId: cy.userId });
    t.like(data.settings, { groupInviteConsent: true, language: "en" });
  }
});
