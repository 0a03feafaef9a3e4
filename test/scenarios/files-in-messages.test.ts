// Files in messages: who reads them, and until when.
import test, { type ExecutionContext } from "ava";
import { eventually } from "../suites/eventually.ts";
import { FileClient } from "../support/file-client.ts";
import { Person } from "../support/person.ts";
import { fourColours } from "../support/pictures.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

type Content = Record<string, string | number>;
const text = (words: string) => new TextEncoder().encode(words);
const picture = async () => ({
  bytes: await fourColours(90, 60).png().toBuffer(),
  type: "chat_image",
  name: "four.png",
});

async function client(node: TestNode, name: string): Promise<FileClient> {
  return new FileClient(node, await Person.registers(node, name));
}
async function befriends(one: Person, other: Person): Promise<void> {
  const { data } = await one.posts("/friends/requests", { userId: other.userId, source: "search" });
  await other.puts(`/friends/requests/${data.requestId}`, { accept: true });
}
const sends = (who: FileClient, where: object, contentType: string, content: object) =>
  who.person.posts<{ messageId: string; sessionId: string }>("/messages", { ...where, contentType, content });
async function sees(who: FileClient, sessionId: string): Promise<{ messageId: string; content: Content }[]> {
  const { data } = await who.person.gets<{ messages: { messageId: string; content: Content }[] }>(
    `/messages/history?sessionId=${sessionId}`,
  );
  return data.messages;
}
const statuses = async (who: FileClient, fileId: string, urls: readonly unknown[]) => [
  (await who.person.gets(`/files/${fileId}`)).status,
  (await who.person.gets(`/files/${fileId}/url`)).status,
  ...(await Promise.all(urls.map(async (url) => (await who.reads(String(url))).status))),
];

async function readsAll(t: ExecutionContext, who: FileClient, fileId: string, content: Content): Promise<void> {
  const urls = [content.url, content.thumbnail].filter(Boolean);
  t.deepEqual(new Set(await statuses(who, fileId, urls)), new Set([200]), `${who.person.name} reads it`);
}
async function readsNothing(t: ExecutionContext, who: FileClient, fileId: string, content: Content): Promise<void> {
  const urls = [content.url, content.thumbnail].filter(Boolean);
  t.deepEqual(new Set(await statuses(who, fileId, urls)), new Set([404]), `${who.person.name} reads nothing of it`);
}

test("a picture in a message has the file's facts, whatever its sender says, and its readers read it", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, carol] = [await client(node, "alice"), await client(node, "bob"), await client(node, "carol")];
  await befriends(alice.person, bob.person);
  const device = await bob.person.connects();
  const { data: file } = await alice.uploads(await picture());
  await readsNothing(t, bob, file.fileId, { url: file.url, thumbnail: file.thumbnail });
  const lies = { fileId: file.fileId, url: "https://evil.example/x.png", size: 1, width: 9_999, fileName: "evil.exe" };
  const { status, data: sent } = await sends(alice, { receiverId: bob.person.userId }, "image", lies);
  t.is(status, 200);
  const live = (await device.sees("NEW_MESSAGE")).data.content as Content;
  const facts = {
    fileId: file.fileId,
    size: file.size,
    width: 90,
    height: 60,
    fileName: "four.png",
    mimeType: "image/png",
  };
  t.like(live, facts);
  t.is((await bob.reads(String(live.url))).status, 200, "as soon as the message is there");
  await eventually(async () => (await bob.person.gets(`/files/${file.fileId}`)).status === 200);
  const [message] = await sees(bob, sent.sessionId);
  t.deepEqual(message?.content, live);
  await readsAll(t, bob, file.fileId, live);
  await readsNothing(t, carol, file.fileId, live);
  const link = await bob.person.gets<{ url: string }>(`/files/${file.fileId}/url`);

  await alice.person.posts(`/messages/${sent.messageId}/recall`);
  await readsNothing(t, bob, file.fileId, live);
  await readsAll(t, alice, file.fileId, { url: file.url, thumbnail: file.thumbnail });
  t.is((await fetch(link.data.url)).status, 200, "a link that was given ends by its time");
});

test("a message holds only a file that its sender reads, and that is of its kind", async (t) => {
  await using node = await startTestNode();
  const [alice, bob] = [await client(node, "alice"), await client(node, "bob")];
  await befriends(alice.person, bob.person);
  const { data: image } = await alice.uploads(await picture());
  const { data: note } = await alice.uploads({ bytes: text("a note"), name: "note.txt" });
  const { data: begun } = await alice.person.posts<{ uploadId: string }>("/files/upload/init", {
    ...{ fileName: "a.txt", fileSize: 3, type: "chat_file" },
  });
  const to = (who: FileClient) => ({ receiverId: who.person.userId });
  const cases: [string, number, number, Promise<{ status: number; code: number }>][] = [
    ["somebody else's", 404, 70105, sends(bob, to(alice), "image", { fileId: image.fileId })],
    ["no file's id", 404, 70105, sends(alice, to(bob), "image", { fileId: "none" })],
    ["an unfinished one", 404, 70105, sends(alice, to(bob), "file", { fileId: begun.uploadId })],
    ["a note as a picture", 415, 70102, sends(alice, to(bob), "image", { fileId: note.fileId })],
    ["a picture as a voice note", 415, 70102, sends(alice, to(bob), "voice", { fileId: image.fileId, duration: 3 })],
  ];
  for (const [name, status, code, sending] of cases) {
    const answer = await sending;
    t.deepEqual([answer.status, answer.code], [status, code], name);
  }
  const key = { clientMsgId: "k1" };
  const first = await sends(alice, { ...to(bob), ...key }, "file", { fileId: note.fileId });
  t.is(first.status, 200, first.message);
  t.like((await sees(bob, first.data.sessionId))[0]?.content, {
    fileName: "note.txt",
    fileSize: 6,
    mimeType: "text/plain",
  });
  await alice.person.deletes(`/files/${note.fileId}`);
  const again = await sends(alice, { ...to(bob), ...key }, "file", { fileId: note.fileId });
  t.is(again.data.messageId, first.data.messageId, "a retry is the same message, also when the file has gone");
  t.is((await bob.person.gets(`/files/${note.fileId}`)).code, 70105);
});

test("forwarding gives a file on, and a recall of the first message takes nothing of the copy", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, carol] = [await client(node, "alice"), await client(node, "bob"), await client(node, "carol")];
  await befriends(alice.person, bob.person);
  await befriends(bob.person, carol.person);
  const { data: file } = await alice.uploads(await picture());
  const { data: sent } = await sends(alice, { receiverId: bob.person.userId }, "image", { fileId: file.fileId });
  const forward = (merge: boolean) =>
    bob.person.posts<{ results: { sessionId: string; messages: { messageId: string }[] }[] }>("/messages/forward", {
      ...{ messageIds: [sent.messageId], targets: [{ receiverId: carol.person.userId }], merge },
    });
  const single = await forward(false);
  t.is(single.status, 200, single.message);
  const { sessionId } = single.data.results[0]!;
  const [copy] = await sees(carol, sessionId);
  await eventually(async () => (await carol.person.gets(`/files/${file.fileId}`)).status === 200);
  await readsAll(t, carol, file.fileId, copy!.content);
  const dave = await client(node, "dave");
  await befriends(bob.person, dave.person);
  const merged = await bob.person.posts<{ results: { messages: { messageId: string }[] }[] }>("/messages/forward", {
    ...{ messageIds: [sent.messageId], targets: [{ receiverId: dave.person.userId }], merge: true },
  });
  const holder = merged.data.results[0]!.messages[0]!.messageId;
  const inside = await dave.person.gets<{ messages: { content: Content }[] }>(`/messages/${holder}/merged`);
  const { url, thumbnail } = inside.data.messages[0]!.content;
  await alice.person.posts(`/messages/${sent.messageId}/recall`);
  for (const each of [url, thumbnail]) {
    t.is((await dave.reads(String(each))).status, 200, "a file inside merged messages");
    t.is((await carol.reads(String(each))).status, 200, "carol has a copy of her own");
    t.is((await (await client(node, "eve")).reads(String(each))).status, 404);
  }
  await readsAll(t, carol, file.fileId, copy!.content);
  await readsAll(t, bob, file.fileId, (await sees(bob, sessionId))[0]!.content);
});

test("hidden history hides its files, and a member who was removed reads none", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, carol] = [await client(node, "alice"), await client(node, "bob"), await client(node, "carol")];
  const { data: group } = await alice.person.posts<{ groupId: string }>("/groups", {
    ...{ name: "ours", memberIds: [bob.person.userId] },
  });
  await alice.person.puts(`/groups/${group.groupId}/settings`, { allowViewHistory: false });
  const { data: old } = await alice.uploads(await picture());
  const where = { groupId: group.groupId };
  const { data: sent } = await sends(alice, where, "image", { fileId: old.fileId });
  const [first] = await sees(bob, sent.sessionId);
  await alice.person.posts(`/groups/${group.groupId}/members`, { memberIds: [carol.person.userId] });
  await eventually(async () => (await carol.person.gets(`/groups/${group.groupId}`)).status === 200);
  await eventually(async () => (await bob.person.gets(`/files/${old.fileId}`)).status === 200);
  await readsNothing(t, carol, old.fileId, first!.content);
  const { data: note } = await alice.uploads({ bytes: text("for all of us") });
  await sends(alice, where, "file", { fileId: note.fileId });
  const [newest] = (await sees(carol, sent.sessionId)).toReversed();
  await eventually(async () => (await carol.person.gets(`/files/${note.fileId}`)).status === 200);
  await readsAll(t, carol, note.fileId, newest!.content);
  await alice.person.deletes(`/groups/${group.groupId}/members/${carol.person.userId}`);
  await readsNothing(t, carol, note.fileId, newest!.content);
  await readsAll(t, bob, old.fileId, first!.content);
});
