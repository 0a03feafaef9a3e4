// Groups: creating, joining, running and dissolving them, both with a subject per member and with one subject per group.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected, people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { misfits, type Shape } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf, type TestDevice, type TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ env: { PER_USER_FANOUT_MAX: "3" } });
});
test.after.always(() => chat.close());

type Rows = Record<string, unknown>[];
const saying = (text: string) => (frame: TestFrame) => frame.data.content === text;
const texts = (device: TestDevice) => device.seen("NEW_MESSAGE").map(({ data }) => data.content);
const ids = (...of: Person[]) => of.map(({ userId }) => userId);
const groupIdOf = (conversationId: string) => conversationId.slice(2);
const membersOf = async (person: Person, groupId: string) =>
  (await person.gets<{ total: number; members: Rows }>(`/groups/${groupId}/members`)).data;

const groupShape: Shape = {
  ...{ groupId: "string", name: "string", avatar: "string", announcement: "string", ownerId: "string" },
  ...{ memberCount: "number", maxMembers: "number", joinVerify: "boolean", isMuted: "boolean" },
  ...{ createdAt: "time", updatedAt: "time", myRole: ["owner", "admin", "member"] },
};

test("a group is made, described and listed, and every invited user is notified once", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const made = await alice.posts("/groups", { name: "Hikers", memberIds: [...ids(bob, carol), "123"] });
  t.deepEqual(misfits(made.data, groupShape), []);
  t.like(made.data, { name: "Hikers", ownerId: alice.userId, memberCount: 3, myRole: "owner", failedIds: ["123"] });
  const { groupId, sessionId } = made.data;
  for (const member of [bob, carol]) {
    const invited = await member.device.sees("NOTIFICATION", isOf("group.invited"));
    t.like(invited.data, { groupId, groupName: "Hikers", inviterId: alice.userId });
    await member.device.sees("NOTIFICATION", isOf("session.created"));
    await member.device.sees("NOTIFICATION", isOf("group.member_joined"));
    const types = member.device.seen("NOTIFICATION").map(({ data }) => data.type);
    t.deepEqual(types.toSorted(), ["group.invited", "group.member_joined", "session.created"]);
  }
  const listed = await bob.gets<{ groups: Rows; total: number; updateTime: number }>("/groups");
  t.deepEqual(misfits(listed.data, { groups: [groupShape], total: "number", updateTime: "time" }), []);
  t.like(listed.data.groups[0], { groupId, myRole: "member" });
  t.like((await bob.gets(`/groups/${groupId}`)).data, { groupId, sessionId, memberCount: 3 });
  const members = await membersOf(carol, String(groupId));
  t.is(members.total, 3);
  t.deepEqual(
    misfits(members, {
      members: [
        {
          ...{ userId: "string", nickname: "string", groupNickname: "string", avatar: "string", joinedAt: "time" },
          ...{ role: ["owner", "member"], isMuted: "boolean", userInfo: "object" },
        },
      ],
    }),
    [],
  );
  const page = await carol.gets<{ total: number; members: Rows }>(`/groups/${groupId}/members?page=2&pageSize=2`);
  t.deepEqual([page.data.total, page.data.members.length], [3, 1]);
  t.like(await alice.posts("/groups", { name: "Alone", memberIds: [] }), { status: 400, code: 40103 });
  const [stranger] = await people(chat, "dave");
  t.like(await stranger.gets(`/groups/${groupId}`), { status: 403, code: 40105 });
  t.like(await stranger.gets("/groups/4711"), { status: 404, code: 40101 });
});

test("a message is the same when pushed, pulled and read over REST, group and status included", async (t) => {
  const [owner, member] = await people(chat, "owner", "member");
  const group = await owner.createsGroup("same shape", [member]);
  const device = await member.connects();
  await owner.connects();
  await owner.says(group, "one");
  const pushed = (await device.sees("NEW_MESSAGE", ({ data }) => data.content === "one")).data;
  t.like(pushed, { groupId: group.slice(2), sessionType: "group", status: "sent" });
  const [read] = await member.history(group);
  const synced = await device.asks("SYNC", { cursor: 0 });
  const changes = synced.data.changes as { type: string; messages?: Record<string, unknown>[] }[];
  const [pulled] = changes.flatMap(({ messages = [] }) => messages);
  // The status of a read message depends on the viewer's own marks. What was sent just now has no pin and no reactions yet.
  const then = { ...pushed, isPinned: false, reactions: [] };
  t.deepEqual({ ...read, status: "sent" }, then);
  t.deepEqual({ ...pulled, status: "sent" }, then);
});

test("a mention by a blocked member arrives as a message, without a notification and without a count", async (t) => {
  const [owner, writer, reader] = await connected(chat, "owner", "writer", "reader");
  const group = await owner.createsGroup("mentions", [writer, reader]);
  await reader.posts("/friends/blacklist", { userId: writer.userId });
  const mention = (from: Person, content: string) =>
    from.device.asks("SEND_MESSAGE", {
      ...{ sessionId: group, contentType: "text", content },
      mentions: [reader.userId, "99999", "nonsense"],
    });
  await mention(writer, "by a blocked one");
  await mention(owner, "by the owner");
  const blocked = await reader.device.sees("NEW_MESSAGE", saying("by a blocked one"));
  t.deepEqual(blocked.data.mentions, [reader.userId]);
  const ping = await reader.device.sees("NOTIFICATION", isOf("message.mentioned"));
  t.is(ping.data.senderId, owner.userId);
  t.is(reader.device.seen("NOTIFICATION", isOf("message.mentioned")).length, 1);
  const { data } = await reader.gets<{ sessions: Rows }>("/sessions");
  t.like(
    data.sessions.find(({ sessionId }) => sessionId === group),
    { mentionCount: 1, unreadCount: 2 },
  );
});

test("a new group requires approval unless made open, limits its name to 100 characters, and lists who has to consent", async (t) => {
  const [owner, member, shy, guest] = await connected(chat, "owner", "member", "shy", "guest");
  await shy.puts("/users/settings", { groupInviteConsent: true });
  const name = "n".repeat(100);
  const made = await owner.posts("/groups", { name, memberIds: [...ids(member, shy), "99999"] });
  t.like(made.data, { name, joinVerify: true, memberCount: 2, pendingIds: ids(shy), failedIds: ["99999"] });
  t.is((await owner.posts("/groups", { name: `${name}n`, memberIds: ids(member) })).status, 400);
  t.is((await owner.posts("/groups", { name: "alone", memberIds: ids(owner) })).code, 40103, "two people at least");
  t.like((await guest.posts(`/groups/${made.data.groupId}/join`)).data, { needVerify: true });
  const invited = await shy.device.sees("NOTIFICATION", isOf("group.invited"));
  t.like(invited.data, { groupId: made.data.groupId, inviterId: owner.userId, isPending: true });
  t.is(typeof invited.data.invitationId, "string");
  t.like((await shy.posts(`/groups/${made.data.groupId}/join`)).data, { needVerify: false });
});

test("an invitation stands in the invited user's list with how it ended, also for a device that was away", async (t) => {
  const [owner, member, shy, other] = await connected(chat, "owner", "member", "shy", "other");
  for (const each of [shy, other]) await each.puts("/users/settings", { groupInviteConsent: true });
  const invites = async (name: string) =>
    (await owner.posts("/groups", { name, memberIds: ids(member, shy) })).data.groupId as string;
  const listed = async (query = "") => (await shy.gets<{ invitations: Rows }>(`/groups/invitations${query}`)).data;
  const { cursor } = (await shy.device.asks("SYNC", { cursor: 0 })).data;
  const [first, second] = [await invites("first"), await invites("second")];
  const [newest, oldest] = (await listed("?status=pending")).invitations as [Rows[number], Rows[number]];
  t.like(newest, { groupId: second, groupName: "second", groupAvatar: "", memberCount: 2, status: "pending" });
  t.like(newest, { inviterId: owner.userId, inviterName: "owner", sessionId: `g_${second}` });
  t.true(Number(newest.expiresAt) > Number(newest.createdAt));
  t.like(oldest, { groupId: first, groupName: "first" });
  const path = (invitation: Rows[number]) => `/groups/invitations/${invitation.invitationId}`;

  t.like(await other.puts(path(oldest), { action: "accept" }), { status: 404, code: 40113 }, "not hers");
  t.like((await shy.puts(path(oldest), { action: "decline" })).data, {
    ...{ invitationId: oldest.invitationId, groupId: first, status: "declined", needVerify: false, requestId: null },
  });
  t.like(await shy.puts(path(oldest), { accept: true }), { status: 409, code: 40114 }, "declined already");
  const answer = await owner.device.sees("NOTIFICATION", isOf("group.invitation_handled"));
  t.like(answer.data, { invitationId: oldest.invitationId, userId: shy.userId, status: "declined", groupId: first });
  t.like((await shy.posts(`/groups/${first}/join`)).data, { needVerify: true }, "the invitation is over");
  t.like((await shy.puts(path(newest), { accept: true })).data, { status: "accepted", needVerify: false });
  t.like(await shy.puts(path(newest), { accept: true }), { status: 409, code: 40114 }, "accepted already");
  await owner.device.sees("NOTIFICATION", ({ data }) => data.status === "accepted");
  t.is((await membersOf(shy, second)).total, 3);
  const invited = shy.device.seen("NOTIFICATION", isOf("group.invited")).map(({ data }) => data.invitationId);
  // A device that does not confirm them gets them again.
  t.deepEqual([...new Set(invited)], [oldest.invitationId, newest.invitationId], "joining is no other invitation");

  const third = await invites("third");
  const [waiting] = (await listed("?status=pending")).invitations;
  await owner.deletes(`/groups/${third}`);
  t.like(await shy.puts(path(waiting!), { accept: true }), { status: 410, code: 40102 });
  t.deepEqual((await listed("?status=pending")).invitations, []);
  t.deepEqual(
    (await listed()).invitations.map(({ groupName, status }) => [groupName, status]),
    [
      ["third", "cancelled"],
      ["second", "accepted"],
      ["first", "declined"],
    ],
  );
  const { changes } = (await shy.device.asks("SYNC", { cursor })).data as { changes: { items?: Rows }[] };
  t.like(
    changes.flatMap(({ items = [] }) => items).filter(({ type }) => type === "invitation"),
    [
      { id: oldest.invitationId, groupId: first, status: "declined" },
      { id: newest.invitationId, groupId: second, status: "accepted" },
      { groupId: third, status: "cancelled" },
    ],
  );
});

test("a group whose only invited user is asked first is made, and an invitation that nobody answers expires", async (t) => {
  await using node = await startTestNode({ env: { GROUP_INVITATION_MS: "4000" } });
  const [owner, shy] = await people(node, "owner", "shy");
  await shy.puts("/users/settings", { groupInviteConsent: true });
  const made = await owner.posts("/groups", { name: "two", memberIds: ids(shy) });
  t.like(made.data, { memberCount: 1, pendingIds: ids(shy) });
  const again = await owner.posts(`/groups/${made.data.groupId}/members`, { memberIds: ids(shy) });
  t.like(again.data, { pendingIds: ids(shy), successIds: [] });
  const list = async () => (await shy.gets<{ invitations: Rows }>("/groups/invitations")).data.invitations;
  t.is((await list()).length, 1, "asked again while it waits: one invitation");
  await eventually(async () => (await list())[0]?.status === "expired");
  const [expired] = await list();
  const late = await shy.puts(`/groups/invitations/${expired!.invitationId}`, { accept: true });
  t.like(late, { status: 409, code: 40114 });
  await owner.posts(`/groups/${made.data.groupId}/members`, { memberIds: ids(shy) });
  t.deepEqual(
    (await list()).map(({ status }) => status),
    ["pending", "expired"],
    "and the user may be asked anew",
  );
});

test("a member's invitation into a group with approval waits for the admins after its user has accepted", async (t) => {
  const [owner, member, shy] = await connected(chat, "owner", "member", "shy");
  await shy.puts("/users/settings", { groupInviteConsent: true });
  const { groupId } = (await owner.posts("/groups", { name: "Vault", memberIds: ids(member) })).data;
  await member.posts(`/groups/${groupId}/members`, { memberIds: ids(shy) });
  const [invitation] = (await shy.gets<{ invitations: Rows }>("/groups/invitations")).data.invitations;
  const accepted = await shy.puts(`/groups/invitations/${invitation!.invitationId}`, { action: "accept" });
  t.like(accepted.data, { status: "accepted", needVerify: true });
  const asked = await owner.device.sees("NOTIFICATION", isOf("group.join_request"));
  t.like(asked.data, { userId: shy.userId, inviterId: member.userId, requestId: accepted.data.requestId });
  const sent = async () => (await shy.gets<{ requests: Rows }>("/groups/requests?type=sent")).data.requests;
  t.like(await sent(), [{ requestId: accepted.data.requestId, groupId, groupName: "Vault", status: "pending" }]);
  await owner.puts(`/groups/${groupId}/requests/${accepted.data.requestId}`, { accept: true });
  t.is((await membersOf(shy, String(groupId))).total, 3, "shy is not asked a second time");
  t.like(await sent(), [{ status: "accepted", userId: shy.userId }]);
});

test("the answer to a request to join is found by its user after being away, and the admins find what they received", async (t) => {
  const [owner, guest, late] = await connected(chat, "owner", "guest", "late");
  const { groupId } = (await owner.posts("/groups", { name: "Club", memberIds: ids(late) })).data;
  const { cursor } = (await guest.device.asks("SYNC", { cursor: 0 })).data;
  guest.device.disconnects();
  const { requestId } = (await guest.posts(`/groups/${groupId}/join`, { message: "me, too" })).data;
  const received = async (who: Person) =>
    (await who.gets<{ requests: Rows }>("/groups/requests?type=received")).data.requests;
  t.like(await received(owner), [{ requestId, groupId, groupName: "Club", message: "me, too", handledAt: 0 }]);
  t.deepEqual(await received(late), [], "an ordinary member receives none");
  await owner.puts(`/groups/${groupId}/requests/${requestId}`, { accept: false });
  const [answered] = (await guest.gets<{ requests: Rows }>("/groups/requests?type=sent")).data.requests;
  t.like(answered, { requestId, groupId, groupName: "Club", message: "me, too", status: "rejected" });
  t.true(Number(answered!.handledAt) >= Number(answered!.createdAt));
  await guest.connects();
  const { changes } = (await guest.device.asks("SYNC", { cursor })).data as { changes: { items?: Rows }[] };
  t.like(
    changes.flatMap(({ items = [] }) => items).filter(({ type }) => type === "join_request"),
    [{ id: requestId, groupId, status: "rejected" }],
  );
});

test("changes of name, announcement and member nicknames reach every member", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  const group = await alice.createsGroup("Old", [bob]);
  const groupId = groupIdOf(group);
  await bob.device.sees("NOTIFICATION", isOf("session.created"));
  const since = Number((await bob.gets("/groups")).data.updateTime) + 1;
  t.like((await bob.gets(`/groups?lastUpdateTime=${since}`)).data, { groups: [], deletedIds: [] });
  const changed = await alice.puts(`/groups/${groupId}`, { name: "New", announcement: "We meet at 8" });
  t.like(changed.data, { name: "New", announcement: "We meet at 8" });
  const notification = await bob.device.sees("NOTIFICATION", isOf("group.info_updated"));
  t.like(notification.data, { groupId, sessionId: group, info: { name: "New", announcement: "We meet at 8" } });
  t.like((await bob.gets(`/groups?lastUpdateTime=${since}`)).data, { groups: [{ name: "New" }] });
  t.like(await bob.puts(`/groups/${groupId}`, { name: "Mine" }), { status: 403, code: 40108 });
  t.is((await bob.puts(`/groups/${groupId}/nickname`, { nickname: "Bobby" })).code, 0);
  await alice.device.sees("NOTIFICATION", ({ data }) => data.nickname === "Bobby");
  const { members } = await membersOf(alice, groupId);
  t.like(
    members.find(({ userId }) => userId === bob.userId),
    { groupNickname: "Bobby", nickname: "bob" },
  );
  const { sessions } = (await bob.gets<{ sessions: Rows }>("/sessions")).data;
  t.like(sessions[0], { sessionId: group, sessionType: "group", name: "New", myRole: "member" });
});

test("members invite others, and a removed member is served nothing more", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const group = await alice.createsGroup("Book club", [bob]);
  const groupId = groupIdOf(group);
  await alice.says(group, "before carol");
  const invited = await bob.posts(`/groups/${groupId}/members`, { memberIds: ids(carol, alice) });
  t.deepEqual(misfits(invited.data, { successIds: "array", failedIds: "array", memberCount: "number" }), []);
  t.like(invited.data, { successIds: [carol.userId], failedIds: [alice.userId], memberCount: 3 });
  const joined = await alice.device.sees(
    "NOTIFICATION",
    ({ data }) => data.change === "member_joined" && data.version === 3,
  );
  t.like(joined.data, { userIds: [carol.userId], by: bob.userId, groupId });
  await carol.device.sees("NOTIFICATION", isOf("group.invited"));
  await alice.says(group, "hello carol");
  await carol.device.sees("NEW_MESSAGE", saying("hello carol"));
  t.is((await carol.history(group)).length, 2, "history is open to new members");

  t.like(await bob.deletes(`/groups/${groupId}/members/${carol.userId}`), { status: 403, code: 40108 });
  t.like(await alice.deletes(`/groups/${groupId}/members/${carol.userId}`), { code: 0, data: null });
  t.like((await carol.device.sees("NOTIFICATION", isOf("group.removed"))).data, { groupId, sessionId: group });
  const gone = await carol.device.sees("NOTIFICATION", isOf("session.deleted"));
  t.like(gone.data, { sessionId: group, reason: "removed" });
  await bob.device.sees("NOTIFICATION", isOf("group.member_left"));
  await alice.says(group, "she is gone");
  await bob.device.sees("NEW_MESSAGE", saying("she is gone"));
  t.false(texts(carol.device).includes("she is gone"));
  t.is(carol.device.seen("NOTIFICATION", isOf("group.removed")).length, 1);
  for (const path of [`/messages/history?sessionId=${group}`, `/groups/${groupId}`]) {
    t.like(await carol.gets(path), { status: 403, code: 40105 });
  }
  const sent = { groupId, contentType: "text", content: "let me in" };
  t.like(await carol.device.asks("SEND_MESSAGE", sent), { type: "ERROR", code: 40105 });
  t.deepEqual((await carol.gets<{ sessions: Rows }>("/sessions")).data.sessions, []);
  t.deepEqual((await carol.gets("/groups")).data.groups, []);
  const found = await carol.gets<{ messages: Rows }>("/messages/search?keyword=carol");
  t.deepEqual(found.data.messages, []);
});

test("a user who was removed while away is informed when coming back", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  const group = await alice.createsGroup("Night shift", [bob]);
  await alice.says(group, "one");
  await bob.device.sees("NEW_MESSAGE", saying("one"));
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: group, seq: 1, version: 2 } });
  const { cursor } = (await bob.device.asks("SYNC", { cursor: 0 })).data;
  bob.device.disconnects();
  await alice.says(group, "two");
  await alice.deletes(`/groups/${groupIdOf(group)}/members/${bob.userId}`);
  await bob.connects();
  const left = await bob.device.sees("NOTIFICATION", isOf("conversation_left"));
  t.is(left.data.sessionId, group);
  const { changes } = (await bob.device.asks("SYNC", { cursor })).data as { changes: Rows };
  t.deepEqual(
    changes.filter(({ type }) => type !== "user").map(({ type, sessionId }) => [type, sessionId]),
    [["conversation_left", group]],
  );
  t.deepEqual(texts(bob.device), []);
});

test("a group with approval: a request waits, admins decide, and the users concerned are notified", async (t) => {
  const [alice, bob, carol, dave] = await connected(chat, "alice", "bob", "carol", "dave");
  const made = await alice.posts("/groups", { name: "Secret", memberIds: ids(bob), joinVerify: true });
  const groupId = String(made.data.groupId);
  await alice.posts(`/groups/${groupId}/admins`, { userId: bob.userId });
  const asked = await carol.posts(`/groups/${groupId}/join`, { message: "please" });
  t.deepEqual(misfits(asked.data, { needVerify: "boolean", requestId: "string", message: "string" }), []);
  t.true(asked.data.needVerify);
  for (const admin of [alice, bob]) {
    const notification = await admin.device.sees("NOTIFICATION", isOf("group.join_request"));
    t.like(notification.data, { requestId: asked.data.requestId, userId: carol.userId, message: "please", groupId });
  }
  const requests = await bob.gets<{ requests: Rows; total: number }>(`/groups/${groupId}/requests?status=pending`);
  t.like(requests.data, { total: 1, requests: [{ id: asked.data.requestId, userId: carol.userId, groupId }] });
  t.like(requests.data.requests[0], { userInfo: { nickname: "carol" }, message: "please", status: "pending" });
  t.like(await carol.gets(`/groups/${groupId}/requests`), { status: 403 });
  const accepted = await bob.puts(`/groups/${groupId}/join/${asked.data.requestId}`, { action: "accept" });
  t.deepEqual(accepted.data, { requestId: asked.data.requestId, status: "accepted" });
  await carol.device.sees("NOTIFICATION", isOf("session.created"));
  await carol.device.sees("NOTIFICATION", ({ data }) => data.status === "accepted");
  t.like(await bob.puts(`/groups/${groupId}/join/${asked.data.requestId}`, { action: "accept" }), {
    ...{ status: 409, code: 40114 },
  });
  const second = await dave.posts(`/groups/${groupId}/join`, {});
  t.is((await alice.puts(`/groups/${groupId}/requests/${second.data.requestId}`, { accept: false })).code, 0);
  await dave.device.sees("NOTIFICATION", ({ data }) => data.status === "rejected");
  t.like(await alice.puts(`/groups/${groupId}/requests/1`, { accept: true }), { status: 404, code: 40113 });
  t.is((await membersOf(carol, groupId)).total, 3);
  t.is((await carol.says(`g_${groupId}`, "thanks")).seq, 1);
});

test("an open group is joined at once, and a user who requires consent is only invited", async (t) => {
  const [alice, bob, carol, dave] = await connected(chat, "alice", "bob", "carol", "dave");
  const group = await alice.createsGroup("Open", [bob]);
  const groupId = groupIdOf(group);
  t.like((await carol.posts(`/groups/${groupId}/join`, {})).data, { needVerify: false, requestId: null });
  t.like(await carol.posts(`/groups/${groupId}/join`, {}), { status: 409, code: 40106 });
  await dave.puts("/users/me/settings", { groupInviteConsent: true });
  const invited = await alice.posts(`/groups/${groupId}/members`, { userIds: ids(dave) });
  t.like(invited.data, { successIds: [], pendingIds: [dave.userId], memberCount: 3 });
  const notification = await dave.device.sees("NOTIFICATION", isOf("group.invited"));
  t.like(notification.data, { isPending: true, groupName: "Open", groupId });
  t.is((await dave.posts(`/groups/${groupId}/join`, {})).code, 0);
  await dave.device.sees("NOTIFICATION", isOf("session.created"));
  t.is((await membersOf(dave, groupId)).total, 4);
});

test("owner and admins set roles, mute, transfer, leave and dissolve", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const group = await alice.createsGroup("Choir", [bob, carol]);
  const groupId = groupIdOf(group);
  t.is((await alice.posts(`/groups/${groupId}/admins`, { userId: bob.userId })).code, 0);
  const role = await carol.device.sees("NOTIFICATION", isOf("group.role_changed"));
  t.like(role.data, { userId: bob.userId, role: "admin", by: alice.userId });
  t.like(await bob.posts(`/groups/${groupId}/admins`, { userId: carol.userId }), { status: 403, code: 40107 });

  t.like((await bob.puts(`/groups/${groupId}/mute`, { muted: true, duration: 60 })).data, { isMuted: true });
  await carol.device.sees("NOTIFICATION", isOf("group.muted"));
  const send = (person: Person) => person.device.asks("SEND_MESSAGE", { groupId, contentType: "text", content: "la" });
  t.like(await send(carol), { type: "ERROR", code: 40115 });
  t.is((await send(bob)).type, "SEND_ACK");
  t.like((await bob.puts(`/groups/${groupId}/mute`, { muted: false })).data, { isMuted: false });
  t.is((await bob.puts(`/groups/${groupId}/members/${carol.userId}/mute`, { duration: 60 })).code, 0);
  t.like(await send(carol), { type: "ERROR", code: 40115 });
  t.is((await bob.puts(`/groups/${groupId}/members/${carol.userId}/mute`, { muted: false })).code, 0);
  t.is((await send(carol)).type, "SEND_ACK");

  t.is((await alice.deletes(`/groups/${groupId}/admins/${bob.userId}`)).code, 0);
  t.is((await alice.puts(`/groups/${groupId}/members/${carol.userId}/role`, { role: "admin" })).code, 0);
  t.like(await alice.posts(`/groups/${groupId}/exit`), { status: 409, code: 40116 });
  t.is((await alice.posts(`/groups/${groupId}/transfer`, { newOwnerId: bob.userId })).code, 0);
  t.like((await carol.gets(`/groups/${groupId}`)).data, { ownerId: bob.userId, myRole: "admin" });
  t.like(await alice.deletes(`/groups/${groupId}`), { status: 403, code: 40107 });
  t.like(await alice.posts(`/groups/${groupId}/quit`), { code: 0, data: null });
  await alice.device.sees("NOTIFICATION", ({ data }) => data.type === "session.deleted" && data.reason === "exit");
  await eventually(async () => ((await alice.gets<{ groups: Rows }>("/groups")).data.groups ?? []).length === 0);
  t.is((await bob.deletes(`/groups/${groupId}`)).code, 0);
  for (const member of [bob, carol]) await member.device.sees("NOTIFICATION", isOf("group.disbanded"));
  t.like(await send(carol), { type: "ERROR", code: 40102 });
  t.like(await carol.gets(`/groups/${groupId}`), { code: 40102 });
  t.deepEqual((await carol.gets("/groups")).data.groups, []);
});

test("a group that outgrows per-user subjects loses no message, and joins and leaves take effect at once", async (t) => {
  const crowd = await connected(chat, "ann", "ben", "cid", "dot", "eve");
  const [ann, ben, cid, dot, eve] = crowd;
  const group = await ann.createsGroup("Crowd", [ben, cid]);
  const groupId = groupIdOf(group);
  await ann.says(group, "small");
  await ann.posts(`/groups/${groupId}/members`, { memberIds: ids(dot, eve) });
  const phone = await ben.opens(await ben.logsIn("iOS", "phone"));
  await ann.says(group, "large");
  for (const device of [...crowd.slice(1).map((person) => person.device), phone])
    await device.sees("NEW_MESSAGE", saying("large"));
  t.deepEqual(texts(phone), ["large"], "a new device starts at the present");
  const edited = await ann.says(group, "tipo");
  t.is((await ann.puts(`/messages/${edited.messageId}`, { content: "typo" })).code, 0);
  for (const person of crowd.slice(1)) await person.device.sees("MESSAGE_EDITED", saying("typo"));
  eve.device.sends({ type: "TYPING", data: { sessionId: group, sessionType: "group" } });
  t.like((await ben.device.sees("USER_TYPING")).data, { userId: eve.userId, sessionId: group });
  t.deepEqual(eve.device.seen("USER_TYPING"), []);

  await ann.deletes(`/groups/${groupId}/members/${dot.userId}`);
  await dot.device.sees("NOTIFICATION", isOf("session.deleted"));
  await ann.says(group, "without dot");
  await eve.device.sees("NEW_MESSAGE", saying("without dot"));
  t.false(texts(dot.device).includes("without dot"));
  await dot.posts(`/groups/${groupId}/join`, {});
  await dot.device.sees("NOTIFICATION", ({ data }) => data.change === "member_joined" && data.version === 10);
  t.false(
    dot.device.frames.some(({ data }) => "atMs" in data),
    "times are called timestamp",
  );
  await ann.says(group, "with dot");
  await dot.device.sees("NEW_MESSAGE", saying("with dot"));

  eve.device.disconnects();
  await ann.says(group, "eve is away");
  await eve.connects();
  await eve.device.sees("NEW_MESSAGE", saying("eve is away"));
  await ann.says(group, "eve is back");
  await eve.device.sees("NEW_MESSAGE", saying("eve is back"));
  await ben.device.sees("NEW_MESSAGE", saying("eve is back"));
  // Every version arrives once and in order, whichever subject carried it.
  const versions = ben.device.frames
    .filter(({ data }) => data.sessionId === group && data.version !== undefined)
    .map(({ data }) => Number(data.version));
  t.deepEqual(
    versions,
    Array.from(versions, (_, i) => i + 1),
  );
  t.is(versions.length, 13);
});
