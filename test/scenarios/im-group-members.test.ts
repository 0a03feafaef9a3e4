// Members of groups: what they may, how they are listed and found, and what a device that was away learns of them.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected, people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Rows = Record<string, unknown>[];
const ids = (...of: Person[]) => of.map(({ userId }) => userId);
const groupIdOf = (conversationId: string) => conversationId.slice(2);
const membersOf = async (person: Person, groupId: string) =>
  (await person.gets<{ total: number; updateTime: number; members: Rows }>(`/groups/${groupId}/members`)).data;

test("rights of members: who invites, lists members and asks for friendship; owner and admins are free", async (t) => {
  const [owner, bob, carol, guest] = await connected(chat, "owner", "bob", "carol", "guest");
  const { groupId } = (await owner.posts("/groups", { name: "Rights", memberIds: ids(bob, carol) })).data;
  const rights = ["allowMemberInvite", "allowViewHistory", "allowAddFriend", "allowViewMembers", "showMemberNickname"];
  const settings = await bob.gets(`/groups/${groupId}/settings`);
  t.like(settings.data, { groupId, joinVerify: true, isMuted: false, mutedUntil: 0 });
  for (const right of rights) t.is(settings.data[right], true, right);
  t.like(await bob.puts(`/groups/${groupId}/settings`, { allowAddFriend: false }), { status: 403, code: 40108 });
  const none = Object.fromEntries(rights.map((right) => [right, false]));
  t.like((await owner.puts(`/groups/${groupId}/settings`, none)).data, none);
  t.like((await bob.gets(`/groups/${groupId}`)).data, none);
  const changed = await carol.device.sees("NOTIFICATION", isOf("group.info_updated"));
  t.like(changed.data.info, none);

  const asks = (from: Person, to: Person) =>
    from.posts("/friends/requests", { userId: to.userId, source: "group", groupId });
  t.like(await asks(bob, carol), { status: 403, code: 40108 });
  t.like(await asks(guest, carol), { status: 403, code: 40105 });
  t.like(await asks(owner, guest), { status: 403, code: 40105 });
  t.is((await asks(owner, carol)).code, 0);
  t.is((await bob.posts("/friends/requests", { userId: carol.userId })).code, 0, "found elsewhere");
  t.like(await bob.gets(`/groups/${groupId}/members`), { status: 403, code: 40108 });
  t.is((await owner.gets(`/groups/${groupId}/members`)).code, 0);
  t.like(await bob.posts(`/groups/${groupId}/members`, { memberIds: ids(guest) }), { status: 403, code: 40108 });
  t.like(await owner.puts(`/groups/${groupId}/settings`, { allowEverything: true }), { status: 400, code: 20107 });
  t.like(await owner.puts(`/groups/${groupId}`, { allowEverything: true }), { status: 400, code: 1 });
});

test("a member's own name for a group is the member's alone, on all devices and in every list", async (t) => {
  const [owner, bob] = await connected(chat, "owner", "bob");
  const { groupId, sessionId } = (await owner.posts("/groups", { name: "Family", memberIds: ids(bob) })).data;
  const { cursor } = (await bob.device.asks("SYNC", { cursor: 0 })).data;
  t.is((await bob.puts(`/groups/${groupId}/remark`, { remark: "the noisy ones" })).code, 0);
  const told = await bob.device.sees("NOTIFICATION", ({ data }) => data.remark === "the noisy ones");
  t.like(told.data, { type: "session.updated", sessionId });
  const remark = "the noisy ones";
  t.like((await bob.gets(`/groups/${groupId}`)).data, { name: "Family", remark });
  t.like((await bob.gets("/groups")).data, { groups: [{ groupId, remark }] });
  t.like((await bob.gets("/sessions")).data, { sessions: [{ sessionId, name: "Family", remark }] });
  t.like((await owner.puts(`/groups/${groupId}`, { name: "Clan" })).data, { name: "Clan", remark: "" });
  t.like((await owner.gets("/sessions")).data, { sessions: [{ remark: "" }] });
  const { changes } = (await bob.device.asks("SYNC", { cursor })).data as { changes: { items?: Rows }[] };
  t.like(
    changes.flatMap(({ items = [] }) => items).filter(({ type }) => type === "conversation"),
    [{ id: sessionId, remark }],
  );
  t.is((await bob.puts(`/groups/${groupId}/remark`, { remark: "x".repeat(51) })).status, 400);
  await bob.puts(`/groups/${groupId}/remark`, { remark: "" });
  t.like((await bob.gets(`/groups/${groupId}`)).data, { remark: "" });
});

test("a device that was away finds who joined, changed and left, and the groups that are gone, by the time of its last look", async (t) => {
  const [owner, bob, carol, dave] = await connected(chat, "owner", "bob", "carol", "dave");
  const groupId = groupIdOf(await owner.createsGroup("Choir", [bob, carol]));
  const others = await Promise.all(["left", "dissolved", "removed"].map((name) => owner.createsGroup(name, [bob])));
  const [left, dissolved, removed] = others.map(groupIdOf) as [string, string, string];
  const { updateTime } = await membersOf(bob, groupId);
  const listed = Number((await bob.gets("/groups")).data.updateTime);
  // Times are inclusive, so a change of the same ms would be answered as well.
  await eventually(() => Date.now() > Math.max(updateTime, listed) + 1);
  const since = async (time: number) =>
    (await bob.gets<{ members: Rows; updateTime: number }>(`/groups/${groupId}/members?lastUpdateTime=${time}`)).data;
  t.like(await since(updateTime + 1), { members: [], deletedIds: [], full: false });
  await owner.posts(`/groups/${groupId}/members`, { memberIds: ids(dave) });
  await owner.deletes(`/groups/${groupId}/members/${carol.userId}`);
  await owner.posts(`/groups/${groupId}/admins`, { userId: bob.userId });
  const changed = await since(updateTime + 1);
  t.like(changed, { deletedIds: ids(carol), full: false });
  t.deepEqual(
    changed.members.map(({ userId, role, nickname }) => [userId, role, nickname]),
    [
      [dave.userId, "member", "dave"],
      [bob.userId, "admin", "bob"],
    ],
  );
  t.deepEqual((await since(changed.updateTime + 1)).members, []);
  t.like(await since(1), { full: true, deletedIds: [] }, "older than what is known");
  t.is((await since(1)).members.length, 3);

  await bob.posts(`/groups/${left}/exit`);
  await owner.deletes(`/groups/${dissolved}`);
  await owner.deletes(`/groups/${removed}/members/${bob.userId}`);
  const gone = [left, dissolved, removed].toSorted();
  const idsOf = (ids: unknown) => (ids as string[]).toSorted();
  t.deepEqual(idsOf((await bob.gets(`/groups?lastUpdateTime=${listed + 1}`)).data.deletedIds), gone);
  const synced = await bob.posts("/sync", { lastSyncTime: listed + 1 });
  t.deepEqual(idsOf(synced.data.deletedGroupIds), gone);
});

test("members are found by a part of their names, without regard to case and width, and by their role", async (t) => {
  const [owner, bob, carol] = await connected(chat, "Owner", "Bobby", "Carol");
  const groupId = groupIdOf(await owner.createsGroup("Search", [bob, carol]));
  await owner.posts(`/groups/${groupId}/admins`, { userId: bob.userId });
  await carol.puts(`/groups/${groupId}/nickname`, { nickname: "Bobcat 李雷" });
  const found = async (query: string) => {
    const { total, members } = (
      await carol.gets<{ total: number; members: Rows }>(`/groups/${groupId}/members?${query}`)
    ).data;
    return [total, members.map(({ nickname }) => nickname)];
  };
  t.deepEqual(await found("keyword=bOB"), [2, ["Bobby", "Carol"]]);
  t.deepEqual(await found(`keyword=${encodeURIComponent("ＢＯＢ")}&pageSize=1&page=2`), [2, ["Carol"]]);
  t.deepEqual(await found(`keyword=${encodeURIComponent("雷")}`), [1, ["Carol"]]);
  t.deepEqual(await found("keyword=bob&role=admin"), [1, ["Bobby"]]);
  t.deepEqual(await found("role=member"), [1, ["Carol"]]);
  t.deepEqual(await found("role=owner&cursor="), [1, ["Owner"]]);
  for (const sign of ["%25", "_", "%5C", ".*", "zzz"]) t.deepEqual(await found(`keyword=${sign}`), [0, []], sign);
  t.is((await carol.gets(`/groups/${groupId}/members?keyword=${"x".repeat(101)}`)).status, 400);
  t.is((await carol.gets(`/groups/${groupId}/members?role=king`)).status, 400);
});

test("mutes say until when, in the group and among its members", async (t) => {
  const [owner, bob] = await connected(chat, "owner", "bob");
  const { groupId } = (await owner.posts("/groups", { name: "Quiet", memberIds: ids(bob) })).data;
  const until = Date.now() + 3_600_000;
  t.like((await owner.puts(`/groups/${groupId}/mute`, { until })).data, { isMuted: true, mutedUntil: until });
  t.like((await bob.gets(`/groups/${groupId}`)).data, { isMuted: true, mutedUntil: until });
  await owner.puts(`/groups/${groupId}/mute`, { muted: true });
  t.like((await bob.gets(`/groups/${groupId}/settings`)).data, { isMuted: true, mutedUntil: Number.MAX_SAFE_INTEGER });
  t.like((await owner.puts(`/groups/${groupId}/mute`, { muted: false })).data, { isMuted: false, mutedUntil: 0 });
  await owner.puts(`/groups/${groupId}/members/${bob.userId}/mute`, { until });
  const { members } = await membersOf(owner, String(groupId));
  t.like(members, [
    { userId: owner.userId, isMuted: false, mutedUntil: 0 },
    { userId: bob.userId, isMuted: true, mutedUntil: until },
  ]);
});

test("in a large group members are found in the rows of names, with what changed a moment ago", async (t) => {
  await using node = await startTestNode({ limits: { maxMembersRead: 2 } });
  const [owner, bob, carol, dave] = await people(node, "Owner", "Bobby", "Carol", "Dave");
  const groupId = groupIdOf(await owner.createsGroup("Search", [bob, carol, dave]));
  const found = async (query: string) => {
    type Page = { total: number; members: Rows };
    const { total, members } = (await carol.gets<Page>(`/groups/${groupId}/members?${query}`)).data;
    return [total, members.map(({ nickname }) => nickname).toSorted()];
  };
  // A group that is younger than a minute is in the rows alone.
  await eventually(async () => (await carol.gets(`/groups/${groupId}/members?keyword=o`)).code === 0);
  await eventually(async () => (await found("keyword=bOB"))[0] === 1);
  await owner.posts(`/groups/${groupId}/admins`, { userId: bob.userId });
  await carol.puts(`/groups/${groupId}/nickname`, { nickname: "Bobcat" });
  await eventually(async () => (await found("keyword=bob"))[0] === 2);
  t.deepEqual(await found("keyword=bob&role=member"), [1, ["Carol"]]);
  t.deepEqual(await found("keyword=bob&role=admin"), [1, ["Bobby"]]);
  await owner.deletes(`/groups/${groupId}/members/${carol.userId}`);
  await owner.puts("/users/me", { nickname: "Bob the owner" });
  await eventually(async () => {
    const { data } = await dave.gets<{ members: Rows }>(`/groups/${groupId}/members?keyword=bob&pageSize=1&page=2`);
    return data.members.length === 1;
  });
  t.is((await dave.gets(`/groups/${groupId}/members?keyword=carol`)).data.total, 0);
});
