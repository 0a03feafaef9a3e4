import test from "ava";
import type { UserItem } from "../../actors/user/contract.ts";
import { maxMentionsKept, maxRequestsKept } from "../../actors/user/copies.ts";
import { maxDeletedPerCall, maxDeletedPerConversation } from "../../actors/user/entries.ts";
import { maxTombstones, tombstoneKeptMs } from "../../actors/user/state.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { user } from "../support/user-behaviour.ts";

const person = { nickname: "Alice", phone: "", email: "alice@example.test", account: "alice", atMs: 1 };
const group = "g_77";

function newAlice() {
  const alice = new LoneActor(user, "1");
  alice.run("create", person);
  return alice;
}
type Alice = ReturnType<typeof newAlice>;

function befriend(alice: Alice, ...userIds: string[]): void {
  for (const userId of userIds) alice.run("friendChanged", { userId, isFriend: true, atMs: alice.nowMs });
}
function join(alice: Alice, conversationId = group, by?: string): void {
  const conversationType = conversationId.startsWith("g_") ? "group" : "single";
  alice.run("conversationJoined", { conversationId, conversationType, fanout: "users", atMs: alice.nowMs, by });
}
function since(alice: Alice, sinceVersion: number, ...types: UserItem["type"][]) {
  return alice.ask("items", { sinceVersion, ...(types.length > 0 && { types }) });
}
function versionOf(alice: Alice): number {
  return since(alice, 0).version;
}

test("a user begins with a profile, default settings and a row in the directory", (t) => {
  const alice = newAlice();
  t.like(alice.ask("profile", {}), { userId: "1", nickname: "Alice", gender: 0, createdAtMs: 1 });
  t.like(alice.ask("settings", {}), { friendVerifyRequired: true, lastSeen: "friends", language: "zh-CN" });
  t.like(alice.rows, [
    { table: "directory", userId: "1", nickname: "Alice", avatar: "", stamp: alice.records[0]!.stamp },
  ]);
  alice.run("create", { ...person, nickname: "Twice" });
  t.is(alice.records.length, 1);
  t.throws(() => new LoneActor(user, "2").ask("card", {}), { message: /no such user/ });
});

test("a new nickname reaches one's own devices and the directory at once, and friends a little later", (t) => {
  const alice = newAlice();
  befriend(alice, "2", "3");
  const profile = alice.run("updateProfile", { patch: { nickname: "Alicia", avatar: "a.png" } });
  t.is(profile.nickname, "Alicia");
  const [own] = alice.notifications;
  t.like(own, { type: "user.profile_updated", target: { users: ["1"] }, frame: "NOTIFICATION" });
  t.like(own!.data, { nickname: "Alicia", userVersion: 4, type: "user.profile_updated" });
  t.like(alice.rows, [{ nickname: "Alicia", avatar: "a.png" }]);
  alice.run("updateProfile", { patch: { signature: "hi" } });
  alice.nowMs += 1_000;
  t.true(alice.wake());
  const card = { nickname: "Alicia", avatar: "a.png", signature: "hi" };
  const told = ["2", "3"].map((key) => ({ method: "friendProfileChanged", key, input: { userId: "1", card } }));
  t.like(alice.told, told as never, "both changes in one");
  t.false(alice.wake());
  alice.run("updateProfile", { patch: { birthday: "1990-02-28" } });
  t.is(alice.notifications.length, 1);
  alice.nowMs += 60_000;
  t.false(alice.wake(), "a birthday stays at home");
  alice.run("updateProfile", { patch: { birthday: "1990-02-28" } });
  t.deepEqual([alice.notifications.length, versionOf(alice)], [0, 6]);
});

test("a profile reaches thousands of friends in records of the allowed size, and sixty changes of a minute at most three times", (t) => {
  const alice = newAlice();
  alice.isChecked = false;
  const friends = Array.from({ length: 5_000 }, (_, i) => String(10_000 + i));
  befriend(alice, ...friends);
  const told = new Map<string, number>();
  for (let second = 0; second < 60; second += 1) {
    alice.run("updateProfile", { patch: { signature: "忙".repeat(190 + (second % 2)), avatar: `${second}.png` } });
    alice.nowMs += 1_000;
    while (alice.wake()) {
      t.true(JSON.stringify([alice.records.at(-1), alice.told]).length < 60_000);
      for (const { key } of alice.told) told.set(key, (told.get(key) ?? 0) + 1);
    }
  }
  t.deepEqual([...told.keys()].sort(), friends);
  t.true(Math.max(...told.values()) <= 3);
  t.deepEqual(alice.replayed(alice.records.length), alice.state);
});

test("a friend's new profile is a new version of the list item, and one's own devices are notified", (t) => {
  const alice = newAlice();
  befriend(alice, "2");
  const before = versionOf(alice);
  alice.nowMs += 5_000;
  alice.run("friendProfileChanged", { userId: "2", card: { nickname: "Bobby" } });
  t.like(since(alice, before, "friend").items, [{ id: "2", updatedAtMs: alice.nowMs }]);
  t.like(alice.ask("items", { sinceVersion: 0, sinceMs: alice.nowMs, types: ["friend"] }).items, [{ id: "2" }]);
  const [own] = alice.notifications;
  t.like(own, { type: "user.friend_profile_changed", target: { users: ["1"] }, fromUserId: "2" });
  t.like(own?.data, { userId: "2", nickname: "Bobby", userVersion: before + 1 });
  alice.run("friendProfileChanged", { userId: "3", card: { nickname: "Stranger" } });
  t.is(versionOf(alice), before + 1);
});

test("the limits of a profile hold", (t) => {
  const alice = newAlice();
  const wrong = [
    { nickname: " " },
    { nickname: "x".repeat(51) },
    { signature: "x".repeat(201) },
    { region: "x".repeat(101) },
    { avatar: "x".repeat(256) },
    { birthday: "2023-02-29" },
    { birthday: "1.2.2000" },
    { gender: 3 as 2 },
    { phone: "1" } as object,
  ];
  for (const patch of wrong) {
    const refusal = t.throws(() => alice.run("updateProfile", { patch }));
    t.like(refusal, { error: "common.invalid", details: { field: Object.keys(patch)[0] } });
  }
  t.is(alice.run("updateProfile", { patch: { nickname: "🦊".repeat(50), birthday: "2024-02-29" } }).gender, 0);
});

test("settings change one by one, and a wrong one is named", (t) => {
  const alice = newAlice();
  t.like(alice.run("updateSettings", { patch: { lastSeen: "nobody" } }), { lastSeen: "nobody", soundEnabled: true });
  t.like(alice.notifications, [{ type: "user.settings_updated", data: { settings: { lastSeen: "nobody" } } }]);
  t.like(
    t.throws(() => alice.run("updateSettings", { patch: { soundEnabled: "yes" as unknown as boolean } })),
    { details: { field: "soundEnabled" } },
  );
  t.is(alice.ask("card", {}).lastSeen, "nobody");
});

test("an invitation is accepted when its user joins the group", (t) => {
  const alice = newAlice();
  alice.run("invitationChanged", { conversationId: group, groupName: "Hikers", by: "2", isPending: true, atMs: 5 });
  join(alice, group, "2");
  t.is(alice.state.lists.conversation.size, 1);
  t.like([...alice.state.lists.invitation.values()], [{ conversationId: group, status: "accepted" }]);
  t.deepEqual(
    alice.notifications.map(({ type }) => type),
    ["sync.request", "session.created"],
  );
});

test("a copy that conversations send twice is one change for the devices", (t) => {
  const alice = newAlice();
  const request = { requestId: "9", userId: "2", direction: "received", message: "hi", source: "search" } as const;
  const twice = (run: () => unknown): string[] => {
    run();
    const { notifications } = alice;
    run();
    t.is(alice.notifications.length, 0);
    return notifications.map(({ type }) => type);
  };
  const types = [
    twice(() => alice.run("requestChanged", { ...request, status: "pending", atMs: 5 })),
    twice(() => alice.run("requestChanged", { ...request, status: "accepted", atMs: 6 })),
    twice(() => befriend(alice, "2")),
    twice(() => join(alice, "s_1_2")),
    twice(() => join(alice, group, "2")),
    twice(() => alice.run("fanoutChanged", { conversationId: group, fanout: "conversation" })),
    twice(() => alice.run("mentioned", { conversationId: group, messageId: "5", seq: 3, by: "2", atMs: 7 })),
    twice(() => alice.run("blockChanged", { userId: "4", isBlocked: true, atMs: 8 })),
    twice(() => alice.run("conversationLeft", { conversationId: group, reason: "removed", atMs: 9 })),
    twice(() => alice.run("friendChanged", { userId: "2", isFriend: false, atMs: 10 })),
  ];
  t.deepEqual(types, [
    ["friend.request"],
    ["friend.request_handled"],
    ["friend.added"],
    ["session.created"],
    ["session.created"],
    ["session.updated"],
    ["message.mentioned"],
    ["friend.blacklist_changed", "user.visibility_changed"],
    ["session.deleted"],
    ["friend.deleted"],
  ]);
  t.is(versionOf(alice), 1 + types.length);
  t.is(since(alice, 0, "request").items.length, 1);
  t.like(since(alice, 0, "request").items[0], { status: "accepted", createdAtMs: 5 });
});

test("a user's friends and blocked users are known", (t) => {
  const alice = newAlice();
  befriend(alice, "2", "3");
  alice.run("blockChanged", { userId: "3", isBlocked: true, atMs: 1 });
  t.deepEqual(alice.ask("friendsAmong", { userIds: ["3", "4", "2"] }), { userIds: ["3", "2"] });
  t.deepEqual(alice.ask("blocks", { userIds: ["3", "4", "2"] }), { userIds: ["3"] });
  t.like(alice.ask("card", {}), { friendCount: 2, blockCount: 1 });
  alice.run("blockChanged", { userId: "3", isBlocked: false, atMs: 2 });
  t.deepEqual(alice.ask("blocks", { userIds: ["3"] }), { userIds: [] });
});

test("pin, mute, hide and clear belong to the list entry", (t) => {
  const alice = newAlice();
  t.throws(() => alice.run("pin", { conversationId: group, isPinned: true }), { message: /no such conversation/ });
  join(alice);
  const types: string[] = [];
  const note = (): void => void types.push(...alice.notifications.map(({ type }) => type));
  alice.run("pin", { conversationId: group, isPinned: true });
  note();
  alice.run("pin", { conversationId: group, isPinned: true });
  note();
  alice.run("mute", { conversationId: group, isMuted: true });
  note();
  alice.run("hide", { conversationId: group, seq: 8 });
  note();
  alice.run("hide", { conversationId: group, seq: 7 });
  note();
  alice.run("clear", { conversationId: group, seq: 6 });
  note();
  t.deepEqual(types, ["session.pin_updated", "session.mute_updated", "session.deleted", "message.deleted"]);
  t.like(alice.ask("entry", { conversationId: group }).entry, {
    ...{ isPinned: true, pinnedAtMs: alice.nowMs, isMuted: true, hiddenSeq: 8, clearedSeq: 6 },
  });
});

test("read marks only rise, and remove the mentions below them", (t) => {
  const alice = newAlice();
  alice.run("markRead", { conversationId: group, seq: 1, countSeq: 1 });
  t.is(alice.records.length, 1, "a conversation not in the list has no mark");
  join(alice);
  for (const seq of [4, 2, 9]) {
    alice.run("mentioned", { conversationId: group, messageId: `${seq}`, seq, by: "2", atMs: 1 });
  }
  alice.run("markRead", { conversationId: group, seq: 4, countSeq: 3 });
  t.like(alice.notifications, [{ type: "session.unread_updated", data: { sessionId: group, readSeq: 4 } }]);
  alice.run("markRead", { conversationId: group, seq: 3, countSeq: 2 });
  alice.run("mentioned", { conversationId: group, messageId: "3", seq: 3, by: "2", atMs: 1 });
  t.is(alice.notifications.length, 0);
  t.like(alice.ask("entry", { conversationId: group }).entry, { readSeq: 4, readCountSeq: 3, mentionSeqs: [9] });
  for (let seq = 10; seq < 10 + maxMentionsKept; seq += 1) {
    alice.run("mentioned", { conversationId: group, messageId: `${seq}`, seq, by: "2", atMs: 1 });
  }
  const { mentionSeqs } = alice.ask("entry", { conversationId: group }).entry!;
  t.deepEqual([mentionSeqs.length, mentionSeqs[0]], [maxMentionsKept, 10]);
});

test("messages deleted for me stay deleted, and clearing the history makes room", (t) => {
  const alice = newAlice();
  join(alice);
  const messages = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ messageId: `${1_000_000_000_000_000 + from + i}`, seq: from + i }));
  alice.run("deleteMessages", { conversationId: group, messages: messages(1, 2) });
  t.like(alice.notifications, [{ frame: "MESSAGE_DELETED", type: "message.deleted" }]);
  t.deepEqual(alice.notifications[0]!.data.messageIds, ["1000000000000001", "1000000000000002"]);
  alice.run("deleteMessages", { conversationId: group, messages: messages(2, 2) });
  t.deepEqual(alice.ask("entry", { conversationId: group }).deleted, messages(1, 3));
  const tooMany = { error: "common.too_large" };
  const perCall = messages(10, maxDeletedPerCall + 1);
  t.like(
    t.throws(() => alice.run("deleteMessages", { conversationId: group, messages: perCall })),
    tooMany,
  );
  alice.run("deleteMessages", { conversationId: group, messages: messages(10, maxDeletedPerCall) });
  t.true(JSON.stringify(alice.records.at(-1)).length < 32 * 1024, "half a record's limit");
  const rest = messages(1_000, maxDeletedPerConversation - maxDeletedPerCall);
  t.like(
    t.throws(() => alice.run("deleteMessages", { conversationId: group, messages: rest })),
    tooMany,
  );
  alice.run("clear", { conversationId: group, seq: 500 });
  alice.run("deleteMessages", { conversationId: group, messages: rest });
  t.is(alice.ask("entry", { conversationId: group }).deleted[0]!.seq, 501);
  alice.run("clear", { conversationId: group, seq: 5_000 });
  t.like(since(alice, 0, "deleted").items, [{ type: "deleted", id: group, deleted: true }]);
});

test("a remark belongs to a friend, and goes when the friendship ends", (t) => {
  const alice = newAlice();
  t.throws(() => alice.run("setRemark", { userId: "2", remark: "Bobby" }), { message: /not friends/ });
  befriend(alice, "2");
  alice.run("setRemark", { userId: "2", remark: "Bobby" });
  t.like(alice.notifications, [{ type: "friend.remark_updated", data: { userId: "2", remark: "Bobby" } }]);
  t.like(since(alice, 0, "friend").items, [{ id: "2", remark: "Bobby" }]);
  alice.run("friendChanged", { userId: "2", isFriend: false, atMs: 2 });
  befriend(alice, "2");
  t.like(since(alice, 0, "friend").items, [{ id: "2", remark: "" }]);
  t.throws(() => alice.run("setRemark", { userId: "2", remark: "x".repeat(51) }), { message: /parameter/ });
});

test("a device gets what changed since its version, tombstones included, and nothing else", (t) => {
  const alice = newAlice();
  befriend(alice, "2", "3");
  join(alice);
  const { version } = since(alice, 0);
  alice.nowMs += 1_000;
  alice.run("friendChanged", { userId: "2", isFriend: false, atMs: 2 });
  alice.run("pin", { conversationId: group, isPinned: true });
  const news = since(alice, version);
  t.false(news.full);
  t.deepEqual(
    news.items.map(({ type, id, deleted }) => [type, id, deleted]),
    [
      ["conversation", group, undefined],
      ["friend", "2", true],
    ],
  );
  t.deepEqual(since(alice, version, "friend").items.length, 1);
  t.deepEqual(alice.ask("items", { sinceVersion: 0, sinceMs: alice.nowMs }).items, news.items);
  t.deepEqual(since(alice, news.version).items, []);
  befriend(alice, "2");
  t.deepEqual(since(alice, version, "friend").items.length, 1, "live again: no tombstone beside it");
});

test("a version from before the oldest tombstone, or from another store, gets everything", (t) => {
  const alice = newAlice();
  befriend(alice, "2", "3");
  const { version } = since(alice, 0);
  alice.run("friendChanged", { userId: "2", isFriend: false, atMs: 2 });
  alice.nowMs += tombstoneKeptMs;
  alice.run("friendChanged", { userId: "3", isFriend: false, atMs: 2 });
  t.false(since(alice, version).full, "thirty days are kept");
  alice.nowMs += 1;
  befriend(alice, "4");
  alice.run("friendChanged", { userId: "4", isFriend: false, atMs: 2 });
  const answer = since(alice, version);
  t.true(answer.full);
  t.deepEqual(
    answer.items.map(({ type }) => type),
    ["profile", "settings"],
  );
  t.false(since(alice, version + 1).full);
  t.true(since(alice, answer.version + 1).full, "a version never reached here");
  t.true(alice.ask("items", { sinceVersion: 0, sinceMs: 1 }).full);
});

test("lists stay bounded: the oldest tombstones and handled requests are dropped", (t) => {
  const alice = newAlice();
  alice.isChecked = false;
  for (let i = 0; i <= maxTombstones; i += 1) {
    befriend(alice, String(10 + i));
    alice.run("friendChanged", { userId: String(10 + i), isFriend: false, atMs: 2 });
  }
  t.true(since(alice, 2).full);
  t.is(since(alice, 3).items.filter(({ deleted }) => deleted).length, maxTombstones);
  for (let i = 0; i <= maxRequestsKept; i += 1) {
    const request = { requestId: String(i), userId: String(i), message: "", source: "", atMs: i } as const;
    const status = i === 1 ? "rejected" : "pending";
    alice.run("requestChanged", { ...request, direction: "received", status });
  }
  const { version } = since(alice, 0);
  const gone = since(alice, version - 1, "request").items;
  t.deepEqual(
    gone.map(({ id, deleted }) => [id, deleted]),
    [
      [String(maxRequestsKept), undefined],
      ["1", true],
    ],
  );
});

test("every id for a new group is another one, and stands in a record", (t) => {
  const alice = newAlice();
  const ids = [1, 2, 3].map(() => alice.run("newGroupId", {}).groupId);
  t.is(new Set(ids).size, 3);
  t.is(alice.records.length, 4);
  t.is(String(alice.records.at(-1)!.stamp), ids[2]!);
  t.is(versionOf(alice), 1);
});

test("a snapshot at any point and the records after it make the same user", (t) => {
  const random = createSeededRandom(7);
  const alice = newAlice();
  const conversations = ["s_1_2", "s_1_3", "g_7", "g_8", "sys_1"];
  const conversationId = () => random.pick(conversations);
  const userId = () => String(2 + random.below(4));
  const friendGroups: string[] = ["1"];
  const friendGroup = () => random.pick(friendGroups.slice(-4));
  let step = 0;
  const seq = () => 1 + step + random.below(40);
  const moves: (() => unknown)[] = [
    () => befriend(alice, userId()),
    () => alice.run("friendChanged", { userId: userId(), isFriend: false, atMs: alice.nowMs }),
    () => alice.run("blockChanged", { userId: userId(), isBlocked: random.below(2) === 0, atMs: alice.nowMs }),
    () => join(alice, conversationId()),
    () => alice.run("conversationLeft", { conversationId: conversationId(), reason: "exit", atMs: alice.nowMs }),
    () => alice.run("mentioned", { conversationId: conversationId(), messageId: "5", seq: seq(), by: "2", atMs: 1 }),
    () => alice.run("markRead", { conversationId: conversationId(), seq: seq(), countSeq: seq() }),
    () => alice.run("pin", { conversationId: conversationId(), isPinned: random.below(2) === 0 }),
    () => alice.run("clear", { conversationId: conversationId(), seq: seq() }),
    () => alice.run("hide", { conversationId: conversationId(), seq: seq() }),
    () => alice.run("deleteMessages", { conversationId: conversationId(), messages: [{ messageId: "5", seq: seq() }] }),
    () => alice.run("setRemark", { userId: userId(), remark: String(seq()) }),
    () => alice.run("setStarred", { userId: userId(), isStarred: random.below(2) === 0 }),
    () => friendGroups.push(alice.run("addFriendGroup", { name: `group ${seq()}` }).groupId),
    () => alice.run("changeFriendGroup", { groupId: friendGroup(), sort: random.below(9) }),
    () => alice.run("setFriendGroups", { userId: userId(), groupIds: [friendGroup(), friendGroup()] }),
    () => alice.run("removeFriendGroup", { groupId: friendGroup() }),
    () => alice.run(random.below(2) === 0 ? "ensureQrCode" : "refreshQrCode", {}),
    () => alice.run("updateProfile", { patch: { signature: String(seq()) } }),
    () => alice.run("updateSettings", { patch: { soundEnabled: random.below(2) === 0 } }),
    () => (alice.nowMs += random.below(5) * 86_400_000),
  ];
  const device = new Map<string, unknown>();
  let held = 0;
  for (; step < 600; step += 1) {
    try {
      random.pick(moves)();
    } catch (refusal) {
      t.is((refusal as Error).name, "DomainError");
    }
    if (random.below(8) === 0) held = follow(alice, device, held);
  }
  follow(alice, device, held);
  const fresh = new Map<string, unknown>();
  follow(alice, fresh, 0);
  t.deepEqual(sorted(device), sorted(fresh), "a device that followed ends where a fresh one begins");
  for (let i = 0; i <= alice.records.length; i += 23) t.deepEqual(alice.replayed(i), alice.state);
});

/** What a device does with an answer. */
function follow(alice: Alice, device: Map<string, unknown>, held: number): number {
  const { full, items, version } = since(alice, held);
  if (full) device.clear();
  for (const { deleted, ...item } of items) {
    if (deleted) device.delete(`${item.type}/${item.id}`);
    else device.set(`${item.type}/${item.id}`, item);
  }
  return version;
}
function sorted(device: Map<string, unknown>): [string, unknown][] {
  return [...device].sort(([a], [b]) => (a < b ? -1 : 1));
}

test("a friend request that nobody answers for 7 days expires by an event, so that a device that was away finds it", (t) => {
  const alice = newAlice();
  const request = { userId: "2", direction: "received", message: "", source: "" } as const;
  for (let id = 1; id <= 60; id += 1)
    alice.run("requestChanged", { requestId: String(id), ...request, status: "pending", atMs: alice.nowMs });
  alice.run("requestChanged", { requestId: "61", ...request, status: "pending", atMs: alice.nowMs + 1_000 });
  alice.run("requestChanged", { requestId: "60", ...request, status: "accepted", atMs: alice.nowMs });
  const { version } = since(alice, 0, "request");
  const statuses = (sinceVersion: number) =>
    since(alice, sinceVersion, "request").items.map((item) => item.type === "request" && item.status);
  alice.nowMs += 7 * 86_400_000 - 1;
  t.false(alice.wake());
  t.deepEqual(statuses(version), []);
  alice.nowMs += 1;
  t.is(statuses(0).filter((status) => status === "expired").length, 59, "a read is never later than the event");
  while (alice.wake()) t.true(alice.notifications.length <= 40);
  t.deepEqual(statuses(version), Array(59).fill("expired"));
  alice.nowMs += 1_000;
  t.true(alice.wake());
  t.false(alice.wake());
  t.deepEqual(statuses(version), Array(60).fill("expired"));
});

test("a user has a role, and when they last came in; neither is a change of their lists", (t) => {
  const alice = new LoneActor(user, "1");
  t.throws(() => alice.ask("standing", {}), { message: /no such user/ });
  alice.run("create", { nickname: "Alice", phone: "", email: "", account: "alice", role: "guest", atMs: 1 });
  t.like(alice.ask("standing", {}), { role: "guest", accessLevel: 0, lastLoginAtMs: 0, isDeleted: false });
  alice.run("changeStanding", { role: "admin", accessLevel: 3 });
  alice.run("loggedIn", { atMs: 50 });
  alice.run("loggedIn", { atMs: 40 });
  t.like(alice.ask("standing", {}), { role: "admin", accessLevel: 3, lastLoginAtMs: 50 });
  const recordCount = alice.records.length;
  alice.run("changeStanding", { role: "admin" });
  t.is(alice.records.length, recordCount, "nothing changed");
  t.is(alice.state.version, 1);
});
