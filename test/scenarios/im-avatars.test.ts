// Avatars: an address of a file of this server must be an avatar of the user's own.
import test from "ava";
import sharp from "sharp";
import { Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";

test("an avatar is the user's own upload, or a picture elsewhere", async (t) => {
  await using chat = await startTestNode();
  const [ada, ben] = await Promise.all(["ada", "ben"].map((name) => Person.registers(chat, name)));
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  const uploads = async (person: Person, type: string) => {
    const form = new FormData();
    form.set("type", type);
    form.set("file", new File([new Uint8Array(picture)], "me.png", { type: "image/png" }));
    const answer = await fetch(`http://127.0.0.1:${chat.port}/api/v1/files/upload`, {
      method: "POST",
      headers: { authorization: `Bearer ${person.token}` },
      body: form,
    });
    return ((await answer.json()) as { data: { url: string; fileId: string } }).data;
  };
  const [own, foreign, photo] = [
    await uploads(ada!, "avatar"),
    await uploads(ben!, "avatar"),
    await uploads(ada!, "chat_image"),
  ];
  const sets = (avatar: string) => ada!.puts("/users/me", { avatar });
  t.like((await sets(own.url)).data, { avatar: own.url });
  for (const refused of [foreign.url, photo.url, own.url.replace(own.fileId, "nothing")]) {
    t.like(await sets(refused), { status: 400, codeStr: "020103" }, refused);
  }
  t.is((await sets("https://pictures.example/ada.png")).status, 200);
  t.is((await sets("")).status, 200);
});
