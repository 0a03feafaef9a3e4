// A message with images in a chat with a model, on a whole node with a scripted upstream: the model gets the pictures upright,
// with the mask over the right part, and its picture is the answer.
import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { Conversation } from "../../actors/conversation/contract.ts";
import { File } from "../../actors/file/contract.ts";
import { Reply } from "../../actors/reply/contract.ts";
import { User } from "../../actors/user/contract.ts";
import { eventually } from "../suites/eventually.ts";
import { ImageClient, storedObjects } from "../support/image-client.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { json } from "../support/llm/openai-bytes.ts";
import type { UpstreamRequest } from "../support/llm/script.ts";
import { Person } from "../support/person.ts";
import { fourColours, orientations, quartersOf, turnedPhoto, uprightQuarters } from "../support/pictures.ts";

const patienceMs = 30_000;

async function open(t: ExecutionContext) {
  const model = await startModelNode({ isSystem: true, env: { OPENAI_API_KEY: "sk-upstream-1" } });
  t.teardown(() => model[Symbol.asyncDispose]());
  const { upstream, node } = model;
  const picture = (await fourColours(40, 20).png().toBuffer()).toString("base64");
  upstream.always(json({ created: 1, data: [{ b64_json: picture }], usage: { input_tokens: 20, output_tokens: 100 } }));
  const person = await Person.registers(node, "alice");
  const { userId } = person;
  const { groupId } = await node.node.actors.get(User, userId).newGroupId({});
  const chat = () => node.node.actors.get(Conversation, `a_${groupId}`);
  await chat().createChat({ ownerId: userId, assistantId: "model-gpt-image-1", title: "Pictures" });
  const client = new ImageClient(node, person.token);
  let sent = 0;
  return {
    ...{ upstream, node, client, chat, userId },
    images: async () => (await client.gets(`session/${groupId}`)).body.images,
    async uploads(bytes: Buffer, type = "uploaded"): Promise<string> {
      const { status, body } = await client.uploads([{ field: "image", bytes }], { sessionId: groupId, type });
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body.id;
    },
    async asks(text: string, imageIds: string[], params: object = {}) {
      sent += 1;
      const { replyId = "", messageId } = await chat().send({
        ...{ senderId: userId, senderName: "Alice", senderAvatar: "", clientMsgId: `m${sent}` },
        ...{ contentType: "prompt", content: { role: "user", text, imageIds, params } },
      });
      return { replyId, messageId };
    },
    async ended(replyId: string) {
      await eventually(async () => {
        const { replies } = await chat().replies({ userId });
        return replies.every((reply) => reply.replyId !== replyId);
      }, patienceMs);
      return node.node.actors.get(Reply, replyId).read({ afterSeq: 0 });
    },
  };
}

/** The form that a request held. */
async function formOf({ body, headers }: UpstreamRequest): Promise<FormData> {
  const type = headers["content-type"] ?? "";
  return new Response(body as Uint8Array<ArrayBuffer>, { headers: { "content-type": type } }).formData();
}
async function fileIn(form: FormData, name: string): Promise<Buffer> {
  return Buffer.from(await (form.get(name) as Blob).arrayBuffer());
}

test("an edit is answered by a picture that its user sees, lists, and edits again", async (t) => {
  const { upstream, node, uploads, asks, ended, images } = await open(t);
  const photo = await uploads(await turnedPhoto(6));
  const { replyId } = await asks("make it blue", [photo], { size: "1024x1024" });
  const reply = await ended(replyId);
  t.is(reply.status, "completed", JSON.stringify(reply.error));
  t.truthy(reply.messageId);

  const [request] = upstream.journal;
  t.is(upstream.journal.length, 1);
  t.is(request!.path, "/v1/images/edits");
  t.is(request!.key, "sk-upstream-1");
  t.is(request!.headers["idempotency-key"], `edit:${replyId}`);
  const form = await formOf(request!);
  t.deepEqual([form.get("model"), form.get("prompt"), form.get("size")], ["gpt-image-1", "make it blue", "1024x1024"]);
  t.deepEqual(await quartersOf(await fileIn(form, "image")), uprightQuarters);
  t.is(form.get("mask"), null);

  const listed = await images();
  t.deepEqual(
    listed.map(({ type, refCount, width }: Record<string, unknown>) => ({ type, refCount, width })),
    [
      { type: "generated", refCount: 1, width: 40 },
      { type: "uploaded", refCount: 1, width: 64 },
    ],
  );
  const shown = Buffer.from(await (await fetch(listed[0].path)).arrayBuffer());
  t.deepEqual(await quartersOf(shown), uprightQuarters);
  t.is((await fetch(listed[0].thumbPath)).status, 200);
  t.is(storedObjects(node.dataDir).length, 4);

  const again = await asks("and round", [listed[0].id]);
  t.is((await ended(again.replyId)).status, "completed");
  t.is(upstream.journal.length, 2);
});

test("the masked part is the one that the user sees, whichever way the camera was held", async (t) => {
  const { upstream, uploads, asks, ended } = await open(t);
  const hole = await fourColours(32, 16).png().toBuffer();
  const drawn = sharp({ create: { width: 64, height: 32, channels: 4, background: "#000f" } });
  const mask = await uploads(
    await drawn
      .composite([{ input: hole, left: 32, top: 0, blend: "dest-out" }])
      .png()
      .toBuffer(),
    "mask",
  );
  for (const orientation of orientations) {
    const photo = await uploads(await turnedPhoto(orientation));
    const { replyId } = await asks("a bird", [photo, mask]);
    t.is((await ended(replyId)).status, "completed");
    const form = await formOf(upstream.journal.at(-1)!);
    const [image, hidden] = [await fileIn(form, "image"), await fileIn(form, "mask")];
    const alpha = await sharp(hidden).extractChannel("alpha").raw().toBuffer();
    const at = (x: number, y: number) => alpha[y * 64 + x];
    t.deepEqual([at(16, 8), at(48, 8), at(16, 24), at(48, 24)], [255, 0, 255, 255], `orientation ${orientation}`);
    t.deepEqual(await quartersOf(image), uprightQuarters, `orientation ${orientation}`);
    t.is((await sharp(image).metadata()).exif, undefined);
  }
});

test("a refused edit is a text, and leaves no picture; a deleted chat holds none any more", async (t) => {
  const { upstream, node, uploads, asks, ended, images, chat, userId } = await open(t);
  const photo = await uploads(await turnedPhoto(1));
  upstream.next(json({ error: { message: "No such size.", type: "invalid_request_error" } }, 400));
  const { replyId } = await asks("make it blue", [photo]);
  const reply = await ended(replyId);
  t.is(reply.status, "failed");
  t.is(reply.deltas.join(""), "No such size.");
  t.is(upstream.journal.length, 1);
  t.is((await images()).length, 1);
  t.is(storedObjects(node.dataDir).length, 2);
  const file = node.node.actors.get(File, photo);
  t.is((await file.view({})).refCount, 1);
  await chat().deleteChat({ userId });
  await eventually(async () => (await file.view({})).refCount === 0);
});

test("a stop closes the model's connection, and leaves no picture", async (t) => {
  const { upstream, node, uploads, asks, ended, images, chat, userId } = await open(t);
  const photo = await uploads(await turnedPhoto(1));
  upstream.next(async (call) => call.left);
  const { replyId } = await asks("make it blue", [photo]);
  await eventually(() => upstream.journal.length === 1, patienceMs);
  await chat().stopReplies({ userId });
  const reply = await ended(replyId);
  t.is(reply.status, "stopped");
  await eventually(() => upstream.journal[0]?.wasLeft === true);
  t.is((await images()).length, 1);
  await eventually(() => storedObjects(node.dataDir).length === 2, patienceMs);
});

test("a connection that is lost after the request was read is not asked again", async (t) => {
  const { upstream, uploads, asks, ended } = await open(t);
  const photo = await uploads(await turnedPhoto(1));
  upstream.next((call) => call.cut());
  const { replyId } = await asks("make it blue", [photo]);
  t.is((await ended(replyId)).status, "failed");
  t.is(upstream.journal.length, 1);
});

test("a host that is restarted while the model paints answers the message, and asks no second time", async (t) => {
  const { upstream, node, uploads, asks, ended } = await open(t);
  const photo = await uploads(await turnedPhoto(1));
  upstream.next(async (call) => call.left);
  const { replyId } = await asks("make it blue", [photo]);
  await eventually(() => upstream.journal.length === 1, patienceMs);
  await node.restart();
  const reply = await ended(replyId);
  t.is(reply.status, "failed");
  t.regex(reply.deltas.join(""), /may have been made/);
  t.is(upstream.journal.length, 1);
});
