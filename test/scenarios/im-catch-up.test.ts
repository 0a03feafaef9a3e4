// Lists of what changed since a time, and syncs from a cursor.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
type Groups = { groups: Row[]; deletedIds: string[]; updateTime: number };
const groupsSince = async (person: Person, sinceMs: number) =>
  (await person.gets<Groups>(`/groups?lastUpdateTime=${sinceMs}`)).data;
const laterThan = async (person: Person) => (await groupsSince(person, 0)).updateTime + 1;

test("the groups since a time are those joined and those with changed roles, owner or members", async (t) => {
  const [alice, bob, carol] = await people(chat, "alice", "bob", "carol");
  const known = (await alice.createsGroup("Known", [bob])).slice(2);
  const since = await laterThan(bob);
  t.deepEqual((await groupsSince(bob, since)).groups, []);
  const joined = (await alice.createsGroup("Joined later", [bob])).slice(2);
  t.like(await groupsSince(bob, since), { groups: [{ groupId: joined }] });

  const changes: [string, () => Promise<unknown>, Row][] = [
    ["a member more", () => alice.posts(`/groups/${known}/members`, { memberIds: [carol.userId] }), { memberCount: 3 }],
    [
      "another role",
      () => alice.puts(`/groups/${known}/members/${bob.userId}/role`, { role: "admin" }),
      { myRole: "admin" },
    ],
    ["a member less", () => carol.posts(`/groups/${known}/exit`), { memberCount: 2 }],
    [
      "another owner",
      () => alice.posts(`/groups/${known}/transfer`, { newOwnerId: bob.userId }),
      { ownerId: bob.userId },
    ],
  ];
  for (const [what, change, expected] of changes) {
    const before = await laterThan(bob);
    await change();
    const { groups } = await groupsSince(bob, before);
    t.deepEqual(
      groups.map(({ groupId }) => groupId),
      [known],
      what,
    );
    t.like(groups[0], expected, what);
  }
});

test("a group that the user left or that was dissolved is reported as deleted, and is in no list", async (t) => {
  const [alice, bob] = await people(chat, "alice", "bob");
  for (const person of [alice, bob]) await person.connects();
  const left = await alice.createsGroup("Left", [bob]);
  const dissolved = await alice.createsGroup("Dissolved", [bob]);
  await bob.device.sees("NOTIFICATION", ({ data }) => data.sessionId === dissolved);
  const { cursor } = (await bob.device.asks("SYNC", { cursor: 0 })).data;
  t.is((await bob.posts(`/groups/${left.slice(2)}/exit`)).code, 0);
  t.is((await alice.deletes(`/groups/${dissolved.slice(2)}`)).code, 0);
  await bob.device.sees("NOTIFICATION", ({ data }) => data.type === "session.deleted" && data.sessionId === dissolved);

  const gone = [left, dissolved];
  const { deletedIds, groups } = await groupsSince(bob, 1_000);
  t.deepEqual([deletedIds.toSorted(), groups], [gone.map((id) => id.slice(2)).toSorted(), []]);
  const byTime = (await bob.posts("/sync", { lastSyncTime: 1_000 })).data as Record<string, Row[]>;
  t.deepEqual([byTime.deletedGroupIds?.toSorted(), byTime.groups], [deletedIds.toSorted(), []] as unknown as Row[][]);
  t.deepEqual([byTime.deletedSessionIds?.toSorted(), byTime.sessions], [gone.toSorted(), []] as unknown as Row[][]);
  const synced = await bob.device.asks("SYNC", { cursor });
  const changes = synced.data.changes as Row[];
  const items = changes.flatMap((change) => (change.items ?? []) as Row[]);
  for (const id of gone) {
    t.like(
      items.find((item) => item.id === id),
      { type: "conversation", conversationType: "group", deleted: true },
    );
    t.true(changes.some((change) => change.type === "conversation_left" && change.sessionId === id));
  }
  for (const person of [alice, bob]) {
    const { sessions } = (await person.gets<{ sessions: Row[] }>("/sessions")).data;
    t.false(
      sessions.some(({ sessionId }) => sessionId === dissolved),
      person.name,
    );
  }
  t.deepEqual((await groupsSince(alice, 1_000)).deletedIds, [dissolved.slice(2)]);
});

test("messages are found by type, sender or time alone, and pages have the requested length", async (t) => {
  const [alice, bob] = await people(chat, "alice", "bob");
  for (const person of [alice, bob]) await person.connects();
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  const card = { contentType: "card", content: { userId: bob.userId, nickname: "bob" } };
  t.is((await alice.device.asks("SEND_MESSAGE", { sessionId: id, ...card })).type, "SEND_ACK");
  for (let i = 1; i <= 120; i += 1) await alice.says(bob, `alice ${i}`);
  const marked = await bob.says(alice, "bob");
  const search = async (query: string) => (await bob.gets<Page>(`/messages/search?sessionId=${id}&${query}`)).data;
  t.deepEqual(
    (await search("contentType=card")).messages.map(({ seq }) => seq),
    [1],
  );
  t.deepEqual(
    (await search(`senderId=${bob.userId}`)).messages.map(({ content }) => content),
    ["bob"],
  );
  t.is((await search(`startTime=${marked.timestamp}`)).messages.at(-1)?.content, "bob");
  t.like(await bob.gets("/messages/search"), { status: 400, code: 1 });
  t.is((await search(`senderId=${alice.userId}&limit=100`)).messages.length, 100);
  t.is((await search("keyword=alice&limit=100")).messages.length, 100);
  const history = (await bob.gets<Page>(`/messages/history?sessionId=${id}&limit=200`)).data;
  t.deepEqual([history.messages.length, history.hasMore], [122, false]);
});
type Page = { messages: Row[]; hasMore: boolean };

test("pages of members by cursor hold every member who stays", async (t) => {
  const [alice, ...others] = await people(chat, "alice", "bob", "carol", "dave", "erin", "frank");
  const groupId = (await alice.createsGroup("Six", others)).slice(2);
  const found: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    type Members = { members: { userId: string }[]; nextCursor: string | null };
    const path: string = `/groups/${groupId}/members?pageSize=2&cursor=${cursor}`;
    const { data } = (await alice.gets(path)) as unknown as { data: Members };
    found.push(...data.members.map(({ userId }) => userId));
    cursor = data.nextCursor;
    const leaver = others.find(({ userId }) => found.includes(userId));
    if (leaver) others.splice(others.indexOf(leaver), 1);
    if (leaver) t.is((await leaver.posts(`/groups/${groupId}/exit`)).code, 0);
  }
  t.is(new Set(found).size, 6);
  t.is(found.length, 6);
  t.like(await alice.gets(`/groups/${groupId}/members?cursor=zzz`), { status: 400, code: 1 });
});

test("a friend's new name is found by time and by cursor after an absence", async (t) => {
  const [alice, bob] = await people(chat, "alice", "bob");
  await alice.befriends(bob);
  const device = await alice.connects();
  const friendsSince = async (sinceMs: number) =>
    (await alice.gets<{ friends: Row[]; updateTime: number }>(`/friends?lastUpdateTime=${sinceMs}`)).data;
  const { updateTime } = await friendsSince(0);
  const { cursor } = (await device.asks("SYNC", { cursor: 0 })).data;
  device.disconnects();
  t.is((await bob.puts("/users/me", { nickname: "Robert" })).code, 0);
  await eventually(async () => (await friendsSince(updateTime + 1)).friends.length === 1);
  t.like((await friendsSince(updateTime + 1)).friends[0], { userId: bob.userId, nickname: "Robert" });
  const back = await alice.connects();
  const synced = await back.asks("SYNC", { cursor });
  const items = (synced.data.changes as Row[]).flatMap((change) => (change.items ?? []) as Row[]);
  t.like(items, [{ type: "friend", id: bob.userId, nickname: "Robert" }]);
});
