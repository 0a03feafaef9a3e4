import test from "ava";
import type { ConversationEvent } from "../../actors/conversation/model/events.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { SensitiveWords } from "../../actors/shared/sensitive-words.ts";
import {
  alice,
  bob,
  type ChatRig,
  carol,
  createChatRig,
  createFriends,
  createGroupOf,
  dave,
  nobody,
  refusal,
} from "../support/chat-rig.ts";
import type { SentCommand } from "../support/turn.ts";

const dayMs = 86_400_000;

const told = (rig: ChatRig) => rig.takeNotifications().map(({ type, target }) => [type, target]);
const tells = (list: SentCommand[]) => list.map(({ key, method }) => [key, method]);
const userIds = (count: number, from = 20_001) => Array.from({ length: count }, (_, i) => String(from + i));

test("a user with verification gets a request; accepting makes both friends, in both lists", async (t) => {
  const { rig } = createChatRig();
  const asked = await rig.run("requestFriend", { from: alice, message: "hi, alice here", source: "search" });
  t.is(asked.status, "pending");
  t.deepEqual(told(rig), [], "their own actors tell both of their lists");
  t.like(rig.takeTells(), [
    { key: bob, method: "requestChanged", input: { userId: alice, direction: "received", status: "pending" } },
    { key: alice, method: "requestChanged", input: { userId: bob, direction: "sent", status: "pending" } },
  ]);
  t.is(
    await refusal(() => rig.run("requestFriend", { from: alice, message: "", source: "" })),
    "friend.request_pending",
  );
  const { requestId } = asked;
  t.is(
    await refusal(() => rig.run("handleFriendRequest", { by: alice, requestId, accept: true })),
    "friend.request_not_found",
  );
  t.deepEqual(await rig.run("handleFriendRequest", { by: bob, requestId, accept: true }), { status: "accepted" });
  t.is(rig.settles, 2, "people read their lists next");
  t.deepEqual(told(rig), [["session.friendship_changed", { users: [alice, bob] }]]);
  t.deepEqual(tells(rig.takeTells()), [
    [bob, "requestChanged"],
    [alice, "requestChanged"],
    [alice, "friendChanged"],
    [bob, "friendChanged"],
  ]);
  t.is(
    await refusal(() => rig.run("handleFriendRequest", { by: bob, requestId, accept: true })),
    "friend.request_handled",
  );
  t.is(await refusal(() => rig.run("requestFriend", { from: bob, message: "", source: "" })), "friend.already");
  t.deepEqual(await rig.query("relation", { userId: alice }), {
    isFriend: true,
    blockedByMe: false,
    blockedByOther: false,
  });
});

test("two users are friends at once when the other needs no verification or has asked as well", async (t) => {
  const open = createChatRig();
  open.people.askFirst.delete(bob);
  t.like(await open.rig.run("requestFriend", { from: alice, message: "", source: "qrcode" }), { status: "accepted" });
  const both = createChatRig();
  const first = await both.rig.run("requestFriend", { from: alice, message: "", source: "" });
  t.like(await both.rig.run("requestFriend", { from: bob, message: "", source: "" }), { status: "accepted" });
  t.true(both.rig.state.pair?.isFriend);
  const { requestId } = first;
  t.is(
    await refusal(() => both.rig.run("handleFriendRequest", { by: bob, requestId, accept: true })),
    "friend.request_handled",
  );
});

test("a request can be rejected, expires after a week, and can be made again", async (t) => {
  const { rig } = createChatRig();
  const first = await rig.run("requestFriend", { from: alice, message: "", source: "" });
  t.like(await rig.run("handleFriendRequest", { by: bob, requestId: first.requestId, accept: false }), {
    status: "rejected",
  });
  const second = await rig.run("requestFriend", { from: alice, message: "", source: "" });
  rig.nowMs += 7 * dayMs + 1;
  const { requestId } = second;
  t.is(
    await refusal(() => rig.run("handleFriendRequest", { by: bob, requestId, accept: true })),
    "friend.request_expired",
  );
  t.is((await rig.run("requestFriend", { from: alice, message: "", source: "" })).status, "pending");
});

test("a friend request with a text that is too long is refused, and the refusal names the text", async (t) => {
  const { rig } = createChatRig();
  const ask = (message: string, source: string) => rig.run("requestFriend", { from: alice, message, source });
  const longMessage = await t.throwsAsync(ask("x".repeat(201), "search"), { instanceOf: DomainError });
  const longSource = await t.throwsAsync(ask("hi", "x".repeat(33)), { instanceOf: DomainError });
  t.deepEqual(longMessage.details, [{ field: "message", expected: "at most 200 characters" }]);
  t.deepEqual(longSource.details, [{ field: "source", expected: "at most 32 characters" }]);
});

test("a user befriends neither the own account nor an unknown one, nor more than 5 000 users", async (t) => {
  const { rig, people } = createChatRig();
  const ask = () => rig.run("requestFriend", { from: alice, message: "", source: "" });
  const self = createChatRig("s_1001_1001").rig;
  t.is(await refusal(() => self.run("requestFriend", { from: alice, message: "", source: "" })), "friend.self");
  people.unknown.add(bob);
  t.is(await refusal(ask), "user.not_found");
  people.unknown.delete(bob);
  people.friendCounts.set(bob, 5_000);
  t.is(await refusal(ask), "friend.other_too_many");
  people.friendCounts.set(alice, 5_000);
  t.is(await refusal(ask), "friend.too_many");
});

test("deleting is mutual: the chat stays, sending is refused", async (t) => {
  const { rig, says } = await createFriends();
  await says(alice, "hello");
  rig.takeNotifications();
  rig.takeTells();
  await rig.run("deleteFriend", { by: bob });
  t.deepEqual(told(rig), [["session.friendship_changed", { users: [alice, bob] }]]);
  t.deepEqual(tells(rig.takeTells()), [
    [alice, "friendChanged"],
    [bob, "friendChanged"],
  ]);
  t.is(await refusal(() => says(alice, "hello?")), "message.not_friends");
  t.is((await rig.query("window", { userId: alice })).head.seq, 1);
  t.is(await refusal(() => rig.run("deleteFriend", { by: alice })), "friend.not_found");
});

test("a block by either side stops both, and only the blocker is notified", async (t) => {
  const { rig, says, people } = await createFriends();
  t.deepEqual(await rig.run("block", { by: bob }), { blockedAtMs: rig.nowMs });
  t.deepEqual(told(rig), [], "the user's own actor publishes it");
  t.deepEqual(tells(rig.takeTells()), [[bob, "blockChanged"]]);
  t.is(await refusal(() => says(alice, "hello")), "message.blocked");
  t.is(await refusal(() => says(bob, "hello")), "message.blocked");
  t.is(await refusal(() => rig.run("block", { by: bob })), "friend.blocked_already");
  t.is(await refusal(() => rig.run("unblock", { by: alice })), "friend.not_blocked");
  t.deepEqual(await rig.query("relation", { userId: alice }), {
    isFriend: true,
    blockedByMe: false,
    blockedByOther: true,
  });
  people.blockCounts.set(alice, 1_000);
  t.is(await refusal(() => rig.run("block", { by: alice })), "friend.blacklist_full");
  await rig.run("unblock", { by: bob });
  t.is(await refusal(() => says(alice, "hello")), "");
  const strangers = createChatRig();
  await strangers.rig.run("block", { by: bob });
  t.is(
    await refusal(() => strangers.rig.run("requestFriend", { from: alice, message: "", source: "" })),
    "friend.blocked_by_other",
  );
});

test("a new group names users who cannot be added, and asks users who want to be asked", async (t) => {
  const { rig, people } = createChatRig("g_77");
  people.consent.add(dave);
  people.blocks.set(carol, alice);
  const memberIds = [bob, carol, dave, nobody, bob, alice, "garbage"];
  const group = await rig.run("createGroup", { ownerId: alice, name: "Hikers", avatar: "", memberIds });
  t.like(group, { groupId: "77", name: "Hikers", ownerId: alice, memberCount: 2, maxMembers: 2_000, myRole: "owner" });
  t.deepEqual(group.failedIds, [carol, nobody, "garbage"]);
  const [joined, added, invited] = rig.takeNotifications();
  t.like(joined, {
    type: "group.member_joined",
    target: { users: [alice, bob] },
    membership: { joined: [alice, bob] },
  });
  t.like(joined?.versioned, { version: 1, seq: 0 });
  t.like(added, { type: "group.invited", target: { users: [bob] }, data: { groupName: "Hikers", inviterId: alice } });
  t.like(invited, { type: "group.invited", target: { users: [dave] }, data: { isPending: true } });
  t.deepEqual(tells(rig.takeTells()), [
    [dave, "invitationChanged"],
    [alice, "conversationJoined"],
    [bob, "conversationJoined"],
  ]);
  t.deepEqual(await rig.run("join", { userId: dave, message: "" }), { needVerify: false });
  t.deepEqual(
    (await rig.query("members", { userId: dave, from: { offset: 1 }, limit: 9 })).members.map(({ userId }) => userId),
    [bob, dave],
  );
});

test("a group needs a second user, a name, and free places", async (t) => {
  const { rig } = createChatRig("g_77", {
    rules: { maxGroupMembers: 3, sensitiveWords: new SensitiveWords(["evil"]) },
  });
  const create = (memberIds: string[], name = "Hikers") =>
    refusal(() => rig.run("createGroup", { ownerId: alice, name, avatar: "", memberIds }));
  t.is(await create([]), "group.too_few_members");
  t.is(await create([alice]), "group.too_few_members");
  t.is(await create([nobody]), "group.too_few_members");
  t.is(await create([bob], " "), "common.invalid");
  t.is(await create([bob], "Evil league"), "group.name_sensitive");
  t.is(await create([bob, carol, dave]), "group.full");
  t.is(await create(userIds(201)), "common.too_large");
  t.is(await refusal(() => rig.query("window", { userId: alice })), "group.not_found");
  t.is(await create([bob, carol]), "");
  t.is(await create([bob, carol]), "common.conflict");
  t.is(await refusal(() => rig.run("invite", { by: alice, userIds: [dave] })), "group.full");
});

test("members may invite unless that is reserved; with joinVerify their invitations wait for an admin", async (t) => {
  const { rig, people } = await createGroupOf([bob, carol]);
  t.like(await rig.run("invite", { by: bob, userIds: [dave, carol, nobody] }), {
    successIds: [dave],
    failedIds: [nobody, carol],
    pendingIds: [],
    memberCount: 4,
  });
  await rig.run("updateGroup", { by: alice, patch: { allowMemberInvite: false } });
  t.is(await refusal(() => rig.run("invite", { by: bob, userIds: ["1005"] })), "group.not_admin");
  await rig.run("updateGroup", { by: alice, patch: { allowMemberInvite: true, joinVerify: true } });
  people.consent.add("1006");
  rig.takeNotifications();
  t.like(await rig.run("invite", { by: bob, userIds: ["1005", "1006"] }), {
    successIds: [],
    pendingIds: ["1006", "1005"],
  });
  t.deepEqual(told(rig), [
    ["group.invited", { users: ["1006"] }],
    ["group.join_request", { users: [alice] }],
  ]);
  t.like(await rig.run("join", { userId: "1006", message: "" }), { needVerify: true }, "a member's word is not enough");
  t.like(await rig.run("invite", { by: alice, userIds: ["1007"] }), { successIds: ["1007"] });
  t.is(await refusal(() => rig.query("joinRequests", { userId: bob })), "group.not_admin");
  const { requests } = await rig.query("joinRequests", { userId: alice, status: "pending" });
  t.like(requests, [{ userId: "1006" }, { userId: "1005", inviterId: bob }]);
});

test("asking to join twice is one request, and an admin decides it once", async (t) => {
  const { rig } = await createGroupOf([bob], { joinVerify: true });
  const first = await rig.run("join", { userId: carol, message: "let me in" });
  t.true(first.needVerify);
  t.deepEqual(await rig.run("join", { userId: carol, message: "please" }), first);
  const requestId = first.requestId!;
  t.is(await refusal(() => rig.run("handleJoinRequest", { by: bob, requestId, accept: true })), "group.not_admin");
  t.is(
    await refusal(() => rig.run("handleJoinRequest", { by: alice, requestId: "1", accept: true })),
    "group.request_not_found",
  );
  t.deepEqual(await rig.run("handleJoinRequest", { by: alice, requestId, accept: true }), { status: "accepted" });
  t.is(
    await refusal(() => rig.run("handleJoinRequest", { by: alice, requestId, accept: false })),
    "group.request_handled",
  );
  t.is(await refusal(() => rig.run("join", { userId: carol, message: "" })), "group.already_member");
  t.is((await rig.query("window", { userId: carol })).group?.role, "member");
});

test("history before joining is visible only where the group allows it", async (t) => {
  const { rig, says } = await createGroupOf([bob]);
  await says(alice, "old");
  await rig.run("invite", { by: alice, userIds: [carol] });
  t.is((await rig.query("window", { userId: carol })).visibleFromSeq, 1);
  await rig.run("updateGroup", { by: alice, patch: { allowViewHistory: false } });
  await rig.run("invite", { by: alice, userIds: [dave] });
  t.is((await rig.query("window", { userId: dave })).visibleFromSeq, 2);
  t.deepEqual((await rig.query("attach", { userIds: [bob, dave, nobody] })).members, [
    { userId: bob, visibleFromSeq: 1 },
    { userId: dave, visibleFromSeq: 2 },
  ]);
  t.is(await refusal(() => rig.query("readers", { userId: dave, seq: 1 })), "message.not_found");
});

test("a message published late does not reach a member who joined meanwhile and may not see history", async (t) => {
  const { rig, says } = await createGroupOf([bob]);
  await rig.run("updateGroup", { by: alice, patch: { allowViewHistory: false } });
  await says(alice, "between us");
  const { events, ...meta } = rig.records.at(-1)!;
  await rig.run("invite", { by: alice, userIds: [carol] });
  const [told] = rig.behaviour.notify?.(rig.state, events[0] as ConversationEvent, meta) ?? [];
  t.deepEqual(told?.target, { users: [alice, bob] });
});

test("a user who leaves or is removed is notified, sees nothing any more, and may come back", async (t) => {
  const { rig, says } = await createGroupOf();
  await says(alice, "hello");
  rig.takeNotifications();
  await rig.run("removeMember", { by: alice, userId: bob });
  const [left, removed] = rig.takeNotifications();
  t.like(left, { type: "group.member_left", membership: { left: [bob] }, versioned: { version: rig.state.version } });
  t.deepEqual(left?.target, { users: [alice, carol, dave, bob] });
  t.like(removed, { type: "group.removed", target: { users: [bob] } });
  await rig.run("exit", { userId: carol });
  t.like(rig.takeTells(), [
    { key: bob, method: "conversationLeft", input: { reason: "removed" } },
    { key: carol, method: "conversationLeft", input: { reason: "exit" } },
  ]);
  for (const userId of [bob, carol]) {
    t.is(await refusal(() => rig.query("window", { userId })), "group.not_member");
    t.is(await refusal(() => rig.query("groupInfo", { userId })), "group.not_member");
    t.is(await refusal(() => says(userId, "hello?")), "group.not_member");
  }
  t.is(await refusal(() => rig.run("removeMember", { by: alice, userId: bob })), "group.not_member");
  t.deepEqual(await rig.run("join", { userId: bob, message: "" }), { needVerify: false });
});

test("owner, admins and members may remove, mute and promote only users below them", async (t) => {
  const { rig } = await createGroupOf();
  await rig.run("setRole", { by: alice, userId: bob, role: "admin" });
  await rig.run("setRole", { by: alice, userId: carol, role: "admin" });
  t.is(await refusal(() => rig.run("setRole", { by: bob, userId: dave, role: "admin" })), "group.not_owner");
  t.is(await refusal(() => rig.run("removeMember", { by: bob, userId: carol })), "group.admin_stays");
  t.is(await refusal(() => rig.run("removeMember", { by: bob, userId: alice })), "group.owner_stays");
  t.is(await refusal(() => rig.run("removeMember", { by: dave, userId: bob })), "group.not_admin");
  t.is(await refusal(() => rig.run("muteMember", { by: bob, userId: carol, untilMs: 1 })), "group.not_owner");
  t.is(await refusal(() => rig.run("removeMember", { by: alice, userId: carol })), "");
  t.is(await refusal(() => rig.run("exit", { userId: alice })), "group.owner_must_transfer");
  t.is(await refusal(() => rig.run("setRole", { by: alice, userId: alice, role: "member" })), "group.owner_role");
  rig.takeNotifications();
  await rig.run("transfer", { by: alice, newOwnerId: dave });
  t.deepEqual(
    rig.takeNotifications().map(({ data }) => [data.userId, data.role]),
    [
      [dave, "owner"],
      [alice, "member"],
    ],
  );
  t.like(await rig.query("groupInfo", { userId: alice }), { ownerId: dave, myRole: "member" });
  t.is(await refusal(() => rig.run("exit", { userId: alice })), "");
  t.is(await refusal(() => rig.run("dissolve", { by: bob })), "group.not_owner");
});

test("the group's mute spares owner and admins and ends at its time; one member can be muted alone", async (t) => {
  const { rig, says } = await createGroupOf();
  await rig.run("setRole", { by: alice, userId: bob, role: "admin" });
  rig.takeNotifications();
  const info = await rig.run("updateGroup", {
    by: bob,
    patch: { isMuted: true, mutedUntilMs: rig.nowMs + 60_000 },
  });
  t.true(info.isMuted);
  t.is(rig.takeNotifications()[0]?.type, "group.muted");
  t.is(await refusal(() => says(carol, "hello")), "group.muted");
  t.is(await refusal(() => says(bob, "hello")), "");
  rig.nowMs += 60_000;
  t.is(await refusal(() => says(carol, "hello")), "");
  t.false((await rig.query("groupInfo", { userId: carol })).isMuted);
  await rig.run("muteMember", { by: bob, userId: carol, untilMs: rig.nowMs + 60_000 });
  t.is(await refusal(() => says(carol, "hello")), "group.muted");
  await rig.run("muteMember", { by: bob, userId: carol, untilMs: 0 });
  t.is(await refusal(() => says(carol, "hello")), "");
});

test("each change of name, announcement or nickname is one version; a change to the same value is none", async (t) => {
  const { rig, says } = await createGroupOf();
  const patch = { name: "Climbers", announcement: "Bring ropes" };
  t.like(await rig.run("updateGroup", { by: alice, patch }), patch);
  const [told] = rig.takeNotifications();
  t.like(told, { type: "group.info_updated", versioned: { version: 2 }, data: { info: patch, groupId: "77" } });
  await rig.run("updateGroup", { by: alice, patch });
  await rig.run("setGroupNickname", { userId: bob, nickname: "Bobby" });
  await rig.run("setGroupNickname", { userId: bob, nickname: "Bobby" });
  t.is(rig.state.version, 3);
  t.is(await refusal(() => rig.run("updateGroup", { by: bob, patch })), "group.not_admin");
  t.is(await refusal(() => says(bob, { text: "x" }, { contentType: "announcement" })), "group.not_admin");
  t.is(await refusal(() => says(alice, { text: "x" }, { contentType: "announcement" })), "");
});

test("a dissolved group answers every command with group.dissolved, and every member is notified", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await says(alice, "bye", { expireAtMs: rig.nowMs + 1_000 });
  rig.takeTells();
  rig.takeNotifications();
  await rig.run("dissolve", { by: alice });
  t.like(rig.takeNotifications(), [{ type: "group.disbanded", target: { users: [alice, bob, carol, dave] } }]);
  const left = [alice, bob, carol, dave].map((key) => ({ kind: "user", key, method: "conversationLeft" }));
  t.like(rig.takeTells(), left as never, "the group leaves the list of every member");
  t.is(await refusal(() => says(alice, "hello?")), "group.dissolved");
  t.is(await refusal(() => rig.query("window", { userId: bob })), "group.dissolved");
  t.is(await refusal(() => rig.run("join", { userId: nobody, message: "" })), "group.dissolved");
  t.is(await refusal(() => rig.run("recall", { by: alice, message: refOf(1) })), "group.dissolved");
  t.deepEqual((await rig.query("attach", { userIds: [alice] })).members, []);
  t.is(rig.behaviour.due?.(rig.state), undefined);
});

test("mentions notify the mentioned members only, and not the sender", async (t) => {
  const { rig, says } = await createGroupOf();
  await says(alice, "look", { mentions: [bob, bob, alice, nobody] });
  t.like(rig.takeTells(), [{ key: bob, method: "mentioned", input: { seq: 1, by: alice } }]);
});

test("a mention of everybody writes to no member, and each sees it above the own mark", async (t) => {
  const { rig, says } = await createGroupOf();
  await says(alice, "all of you", { mentions: ["all", bob] });
  t.deepEqual(rig.takeTells(), []);
  const seqsOf = async (userId: string) => (await rig.query("summary", { userId })).mentionAllSeqs;
  t.deepEqual(await seqsOf(bob), [1]);
  t.deepEqual(await seqsOf(alice), [], "who mentioned");
  await rig.run("markRead", { userId: bob, seq: 1 });
  t.deepEqual(await seqsOf(bob), []);
  t.is(await refusal(() => says(bob, "me too", { mentions: ["all"] })), "group.not_admin");
  for (let i = 0; i < 120; i += 1) await says(alice, `${i}`, { mentions: ["all"] });
  t.is((await seqsOf(bob))?.length, 100, "the newest ones are kept");
});

test("a sender gets receipts once a second, and the last one of that second too", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await says(alice, "one");
  await says(alice, "two");
  rig.takeNotifications();
  const version = rig.state.version;
  const reads = [bob, carol].map((userId) => ({ userId, readSeq: 2 }));
  rig.runNow("markMany", { marks: reads });
  const [told, ...more] = rig.takeNotifications();
  t.deepEqual(more, []);
  t.like(told, { frame: "GROUP_MESSAGE_READ", target: { users: [alice] } });
  t.is(told?.versioned, undefined, "receipts carry no version");
  t.like(told?.data, { groupId: "77", messageId: refOf(2).messageId, readCount: 2, userId: carol });
  rig.nowMs += 300;
  rig.runNow("markRead", { userId: dave, seq: 2 });
  t.deepEqual(rig.takeNotifications(), []);
  t.false(rig.wake());
  rig.nowMs += 700;
  t.true(rig.wake());
  t.like(rig.takeNotifications()[0]?.data, { messageId: refOf(2).messageId, readCount: 3, userId: dave });
  t.is(rig.behaviour.due?.(rig.state), undefined);
  t.is(rig.state.version, version);
});

test("readers of a group message are exact, with their times", async (t) => {
  const { rig, says } = await createGroupOf();
  const times = [rig.nowMs];
  for (const seq of [1, 2, 3]) {
    await says(alice, `${seq}`);
    rig.nowMs += 1_000;
    times.push(rig.nowMs);
    rig.runNow("markRead", { userId: bob, seq });
  }
  rig.runNow("markRead", { userId: carol, seq: 3 });
  t.deepEqual(await rig.query("readers", { userId: dave, seq: 2, senderId: alice }), {
    readCount: 2,
    unreadCount: 1,
    readMembers: [
      { userId: bob, readAtMs: times[2]! },
      { userId: carol, readAtMs: times[3]! },
    ],
  });
});

test("above 500 members the group answers the head and writes no mark", async (t) => {
  const { rig, says } = await createGroupOf();
  for (let i = 0; i < 3; i += 1) await rig.run("invite", { by: alice, userIds: userIds(200, 30_000 + 200 * i) });
  await says(alice, "one");
  const records = rig.records.length;
  t.deepEqual(rig.runNow("markRead", { userId: bob, seq: 5 }), { seq: 1, countSeq: 1 });
  t.deepEqual(rig.runNow("markMany", { marks: [{ userId: bob, readSeq: 1 }] }), {
    accepted: 1,
    reads: [{ userId: bob, seq: 1, countSeq: 1 }],
  });
  t.is(rig.records.length, records);
  t.is((await rig.query("window", { userId: alice })).readSeq, 1, "own sends are known anyway");
  t.like(await rig.query("readers", { userId: alice, seq: 1 }), { readCount: 0 });
});

test("a group too large for per-user subjects changes once, never back, and uses both kinds for a while", async (t) => {
  const newcomers = 1_300_000_000_000_000;
  const { rig, says } = await createGroupOf(userIds(31, 1_200_000_000_000_000));
  t.is(rig.state.group?.members.size, 32);
  await says(alice, "small");
  t.true("users" in rig.takeNotifications()[0]!.target);
  rig.takeTells();
  await rig.run("invite", { by: alice, userIds: userIds(200, newcomers) });
  t.true(JSON.stringify({ ...rig.records.at(-1), outbox: rig.tells }).length < 60 * 1024, "fits into one turn");
  t.deepEqual(rig.behaviour.due?.(rig.state), rig.nowMs, "the old members' lists are told in a turn of their own");
  t.true(rig.wake());
  t.is(rig.tells.filter(({ method }) => method === "fanoutChanged").length, 32);
  t.false(rig.wake());
  t.is(rig.takeTells().filter(({ method }) => method === "conversationJoined").length, 200);
  const switched = rig.takeNotifications().filter(({ type }) => type === "session.fanout_changed");
  t.deepEqual(
    switched.map(({ target }) => Object.keys(target)[0]),
    ["conversationId", "users"],
  );
  await says(alice, "both ways");
  t.is(rig.takeNotifications().length, 2);
  rig.nowMs += 150_000;
  await says(alice, "one way");
  t.deepEqual(
    rig.takeNotifications().map(({ target }) => target),
    [{ conversationId: "g_77" }],
  );
  await rig.run("removeMember", { by: alice, userId: String(newcomers + 1) });
  const [left, personal] = rig.takeNotifications();
  t.like(left, { target: { conversationId: "g_77" }, membership: { left: [String(newcomers + 1)] } });
  t.like(personal, { target: { users: [String(newcomers + 1)] }, versioned: left?.versioned });
  for (const userId of userIds(199, newcomers).filter((id) => id !== String(newcomers + 1))) {
    await rig.run("removeMember", { by: alice, userId });
  }
  t.is((await rig.query("window", { userId: alice })).fanout, "conversation");
  t.like(await rig.run("invite", { by: alice, userIds: [bob] }), { successIds: [bob] });
  t.like(rig.takeTells().at(-1), { key: bob, method: "conversationJoined", input: { fanout: "conversation" } });
});

test("pages of members lose nobody when others leave between them, nor when many joined at once", async (t) => {
  const userIds = Array.from({ length: 40 }, (_, i) => String(5_000 + ((i * 17) % 40)));
  const { rig } = await createGroupOf(userIds.slice(0, 20));
  rig.nowMs += 1_000;
  await rig.run("invite", { by: alice, userIds: userIds.slice(20) });
  const found: string[] = [];
  const left = new Set<string>();
  for (let after: { joinedAtMs: number; userId: string } | undefined, hasMore = true; hasMore; ) {
    const page: Awaited<ReturnType<typeof ask>> = await ask(after);
    found.push(...page.members.map(({ userId }) => userId));
    ({ hasMore } = page);
    after = page.members.at(-1);
    for (const userId of found.filter((id) => id !== alice && !left.has(id)).slice(-2)) {
      left.add(userId);
      await rig.run("exit", { userId });
    }
  }
  function ask(after: { joinedAtMs: number; userId: string } | undefined) {
    return rig.query("members", { userId: alice, from: { after }, limit: 5 });
  }
  t.deepEqual(found.toSorted(), [alice, ...userIds].toSorted());
});
