// Avatars: an address of a file of this server must be an avatar of the user's own.
import test from "ava";
import sharp from "sharp";
import { FileClient } from "../support/file-client.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

async function uploadsTo(chat: TestNode) {
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  return async (person: Person, type: string) =>
    (await new FileClient(chat, person).uploads({ bytes: picture, name: "me.png", mime: "image/png", type })).data;
}

test("an avatar is the user's own upload, or a picture elsewhere", async (t) => {
  await using chat = await startTestNode();
  const [ada, ben] = await people(chat, "ada", "ben");
  const uploads = await uploadsTo(chat);
  const [own, foreign, photo] = [
    await uploads(ada, "avatar"),
    await uploads(ben, "avatar"),
    await uploads(ada, "chat_image"),
  ];
  const sets = (avatar: string) => ada.puts("/users/me", { avatar });
  t.like((await sets(own.url)).data, { avatar: own.url });
  for (const refused of [foreign.url, photo.url, own.url.replace(own.fileId, "nothing")]) {
    t.like(await sets(refused), { status: 400, codeStr: "020103" }, refused);
  }
  t.is((await sets("https://pictures.example/ada.png")).status, 200);
  t.is((await sets("")).status, 200);
});

test("a group's avatar is an upload of the owner or admin who sets it, and everybody may see the picture", async (t) => {
  await using chat = await startTestNode();
  const [ada, ben] = await people(chat, "ada", "ben");
  await ada.befriends(ben);
  const uploads = await uploadsTo(chat);
  const [own, foreign, photo] = [
    await uploads(ada, "group_avatar"),
    await uploads(ben, "group_avatar"),
    await uploads(ada, "chat_image"),
  ];
  const made = { name: "Hikers", memberIds: [ben.userId] };
  t.like(await ada.posts("/groups", { ...made, avatar: photo.url }), { status: 400, codeStr: "020103" });
  const { groupId } = (await ada.posts<{ groupId: string }>("/groups", { ...made, avatar: own.url })).data;
  t.like((await ben.gets(`/groups/${groupId}`)).data, { avatar: own.url });
  t.is((await fetch(`http://127.0.0.1:${chat.port}${own.url}`)).status, 200, "without a token");
  for (const refused of [foreign.url, photo.url]) {
    t.like(await ada.puts(`/groups/${groupId}`, { avatar: refused }), { status: 400, codeStr: "020103" });
  }
  t.like(await ben.puts(`/groups/${groupId}`, { avatar: foreign.url }), { status: 403, codeStr: "040108" });
  t.is((await ada.puts(`/groups/${groupId}/members/${ben.userId}/role`, { role: "admin" })).code, 0);
  t.is((await ben.puts(`/groups/${groupId}`, { avatar: own.url })).code, 0, "what is there stays");
  t.like((await ben.puts(`/groups/${groupId}`, { avatar: foreign.url })).data, { avatar: foreign.url });
  const { groups } = (await ada.gets<{ groups: { avatar: string }[] }>("/groups")).data;
  t.is(groups[0]?.avatar, foreign.url);
  type Usage = { buckets: { bucket: string; fileCount: number }[] };
  const { buckets } = (await ada.gets<Usage>("/files/usage")).data;
  t.is(buckets.find(({ bucket }) => bucket === "group_avatars")?.fileCount, 1);
});
