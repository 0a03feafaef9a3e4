// The conversation list: what its entries show of messages that the viewer may not see.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
async function entryOf(person: Person, id: string): Promise<Row | undefined> {
  const { sessions } = (await person.gets<{ sessions: Row[] }>("/sessions")).data;
  return sessions.find(({ sessionId }) => sessionId === id);
}
/** The entry of one conversation, read by every route that answers one. */
async function entriesOf(person: Person, id: string): Promise<(Row | undefined)[]> {
  const synced = await person.posts<{ sessions: Row[] }>("/sync", { lastSyncTime: 1_000 });
  return [
    await entryOf(person, id),
    (await person.gets(`/sessions/${id}`)).data,
    (await person.posts("/sessions", { sessionId: id })).data,
    synced.data.sessions.find(({ sessionId }) => sessionId === id),
  ];
}
const unreadTotal = async (person: Person) => (await person.gets("/sessions/unread/total")).data.totalUnread;

test("the list shows a new member no earlier message where history is hidden", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const group = await alice.createsGroup("Secrets", [bob]);
  const groupId = group.slice(2);
  t.is((await alice.puts(`/groups/${groupId}`, { allowViewHistory: false })).code, 0);
  await alice.says(group, "before carol");
  await alice.posts(`/groups/${groupId}/members`, { memberIds: [carol.userId] });
  for (const entry of await entriesOf(carol, group)) t.like(entry, { lastMessage: null, unreadCount: 0 });
  await bob.says(group, "hello carol");
  await carol.device.sees("NEW_MESSAGE");
  for (const entry of await entriesOf(carol, group)) t.like(entry, { lastMessage: { content: "hello carol" } });
  t.like(await entryOf(carol, group), { unreadCount: 1 });
  t.is((await carol.posts(`/groups/${groupId}/exit`)).code, 0);
  await alice.says(group, "while carol was out");
  await alice.posts(`/groups/${groupId}/members`, { memberIds: [carol.userId] });
  for (const entry of await entriesOf(carol, group)) t.like(entry, { lastMessage: null, unreadCount: 0 });
});

test("a message that the viewer deleted, or that was recalled or expired, is not the preview", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  await alice.says(bob, "first");
  const second = await alice.says(bob, "second");
  const third = await alice.says(bob, "third");
  await eventually(async () => (await entryOf(bob, id))?.seq === 3);
  t.is((await bob.deletes(`/messages/${third.messageId}`)).code, 0);
  for (const entry of await entriesOf(bob, id)) t.like(entry, { lastMessage: { content: "second", seq: 2 } });
  t.like(await entryOf(alice, id), { lastMessage: { content: "third" } });
  await alice.posts(`/messages/${second.messageId}/recall`);
  for (const entry of await entriesOf(bob, id)) {
    t.like(entry, { lastMessage: { contentType: "recalled", content: "", seq: 2 } });
  }
  await bob.deletes(`/sessions/${id}/messages`);
  for (const entry of await entriesOf(bob, id)) t.like(entry, { lastMessage: null, unreadCount: 0 });
  const expireAt = Date.now() + 400;
  await alice.device.asks("SEND_MESSAGE", { sessionId: id, contentType: "text", content: "short", expireAt });
  await eventually(async () => {
    const entry = await entryOf(bob, id);
    return (entry?.lastMessage as Row | null)?.contentType === "expired" && entry?.unreadCount === 0;
  });
});

test("messages that were recalled, expired or deleted for the user are not unread, in a pair and in a group", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  await alice.befriends(bob);
  const group = await alice.createsGroup("Counting", [bob, carol]);
  const pair = alice.chatWith(bob);
  for (const id of [pair, group]) {
    const before = Number(await unreadTotal(bob));
    const said: Row[] = [];
    for (let i = 1; i <= 5; i += 1) said.push(await alice.says(id, `message ${i}`));
    await eventually(async () => (await entryOf(bob, id))?.unreadCount === 5);
    for (const index of [0, 3]) await alice.posts(`/messages/${said[index]!.messageId}/recall`);
    for (const entry of await entriesOf(bob, id)) t.like(entry, { unreadCount: 3 });
    t.is(await unreadTotal(bob), before + 3);
    await bob.deletes(`/messages/${said[1]!.messageId}`);
    for (const entry of await entriesOf(bob, id)) t.like(entry, { unreadCount: 2 });
    // A message both deleted and recalled is subtracted once.
    await alice.posts(`/messages/${said[1]!.messageId}/recall`);
    for (const entry of await entriesOf(bob, id)) t.like(entry, { unreadCount: 2 });
    const synced = await bob.device.asks("SYNC", { cursor: 0 });
    const change = (synced.data.changes as Row[]).find(({ sessionId }) => sessionId === id);
    t.like(change, { unreadCount: 2 });
    t.is(await unreadTotal(bob), before + 2);
    await bob.posts(`/sessions/${id}/read`, { seq: 3 });
    for (const entry of await entriesOf(bob, id)) t.like(entry, { unreadCount: 1 });
    await alice.posts(`/messages/${said[4]!.messageId}/recall`);
    for (const entry of await entriesOf(bob, id)) t.like(entry, { unreadCount: 0 });
    await alice.says(id, "a new one");
    for (const entry of await entriesOf(bob, id)) t.like(entry, { unreadCount: 1 });
  }
});

test("a mention that was recalled, deleted or cleared is not counted", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  const group = await alice.createsGroup("Mentions", [bob]);
  const mention = async () => {
    const data = { sessionId: group, contentType: "text", content: "@bob", mentions: [bob.userId] };
    return (await alice.device.asks("SEND_MESSAGE", data)).data;
  };
  const said = [await mention(), await mention(), await mention()];
  await eventually(async () => (await entryOf(bob, group))?.mentionCount === 3);
  await alice.posts(`/messages/${said[0]!.messageId}/recall`);
  for (const entry of await entriesOf(bob, group)) t.like(entry, { mentionCount: 2, unreadCount: 2 });
  await bob.deletes(`/messages/${said[1]!.messageId}`);
  for (const entry of await entriesOf(bob, group)) t.like(entry, { mentionCount: 1, unreadCount: 1 });
  const synced = await bob.device.asks("SYNC", { cursor: 0 });
  t.like(
    (synced.data.changes as Row[]).find(({ sessionId }) => sessionId === group),
    { mentionCount: 1 },
  );
  await bob.deletes(`/sessions/${group}/messages`);
  for (const entry of await entriesOf(bob, group)) t.like(entry, { mentionCount: 0, unreadCount: 0 });
});

test("a deleted entry is marked as deleted until the next message brings it back", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  await alice.says(bob, "hello");
  await eventually(async () => (await entryOf(bob, id)) !== undefined);
  t.is((await bob.deletes(`/sessions/${id}`)).code, 0);
  t.like(await bob.gets(`/sessions/${id}`), { status: 410, code: 60102 });
  t.like(await bob.gets("/sessions/s_1_2"), { status: 404, code: 60101 });
  await alice.says(bob, "again");
  await eventually(async () => (await bob.gets(`/sessions/${id}`)).code === 0);
});
