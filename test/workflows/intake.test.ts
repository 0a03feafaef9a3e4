// The process that makes a file of the messenger from stored bytes.
import { createHash } from "node:crypto";
import test from "ava";
import { blob } from "../../actors/blob/blob.ts";
import { Blob } from "../../actors/blob/contract.ts";
import { File } from "../../actors/file/contract.ts";
import { file } from "../../actors/file/file.ts";
import { objectNamesOf, partName } from "../../actors/file/names.ts";
import { createProcess } from "../../actors/process/process.ts";
import { Storage } from "../../actors/storage/contract.ts";
import { storage } from "../../actors/storage/storage.ts";
import { createFilms } from "../../infra/films/ffmpeg.ts";
import { createContents } from "../../infra/images/sharp-contents.ts";
import { intake } from "../../workflows/intake/process.ts";
import { createIntakeSteps } from "../../workflows/intake/steps.ts";
import { type Work, workAll } from "../support/killed-worker.ts";
import { LoneActors } from "../support/lone-actors.ts";
import { MemoryObjects } from "../support/memory-objects.ts";
import { fourColours } from "../support/pictures.ts";

const mime = "application/octet-stream";
const room = { type: "chat_file", maxBytes: 1_000_000 } as const;

function start(kills: Work["kills"] = []) {
  const closed = new Set<string>();
  const process = createProcess({ kinds: { intake }, poke() {}, isClosed: (boot) => closed.has(boot) });
  const actors = new LoneActors({ file, storage, blob, process });
  const objects = new MemoryObjects();
  const contents = createContents({ stripsMetadata: false });
  const activities = createIntakeSteps({ actors, objects, contents, films: createFilms(undefined) });
  const work: Work = { actors, activities, closed, kills };
  const store = (name: string, bytes: Buffer) => objects.put(name, one(bytes), { mime, maxBytes: bytes.length });
  return { actors, objects, work, store };
}
async function* one(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
const sha256Of = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

test("a worker that is killed before or after any step leaves one file, its preview, and its bytes once", async (t) => {
  const photo = await fourColours().png().toBuffer();
  for (const activity of ["inspectUpload", "placeUpload", "completeUpload", "cleanUpload"]) {
    for (const moment of ["before", "after"] as const) {
      const { actors, objects, work, store } = start([{ activity, moment }]);
      const picture = actors.get(File, "f1");
      await picture.begin({ ownerId: "7", purpose: "chat_image", type: "chat_image", name: "four.png" });
      const digest = await store(objectNamesOf("f1").raw, photo);
      await actors.get(Storage, "7").hold({ ...room, fileId: "f1", bytes: digest.size });
      await picture.stored({ digest });
      await workAll(work);
      const { state, content } = await picture.find({});
      t.is(state, "available", `killed ${moment} ${activity}`);
      t.like(content, { ...digest, mime: "image/png", hasThumb: true });
      t.deepEqual([...objects.stored.keys()].sort(), [content?.object, objectNamesOf("f1").thumb].sort());
    }
  }
});

test("parts become the file whenever the worker is killed, and bytes of another digest are refused and leave nothing", async (t) => {
  const [first, second] = [Buffer.from("the first part, "), Buffer.from("the second")];
  const whole = Buffer.concat([first, second]);
  for (const activity of ["none", "gatherParts", "refuseUpload", "discardUpload"]) {
    for (const sha256 of [sha256Of(whole), sha256Of(first)]) {
      const { actors, objects, work, store } = start([{ activity, moment: "after" }]);
      const parts = actors.get(File, "f1");
      const plan = { sizeBytes: whole.length, chunkBytes: first.length, chunks: 2, sha256 };
      await parts.begin({ ownerId: "7", purpose: "chat_file", type: "chat_file", name: "a.txt", plan });
      await actors.get(Storage, "7").hold({ ...room, fileId: "f1", bytes: whole.length });
      for (const [index, bytes] of [first, second].entries()) {
        await store(partName("f1", index), bytes);
        await parts.partStored({ ownerId: "7", index });
      }
      await parts.stored({});
      await workAll(work);
      const view = await parts.find({});
      const { usedBytes } = await actors.get(Storage, "7").usage({});
      if (sha256 === sha256Of(whole)) {
        t.like(view, { state: "available", content: { sha256 } });
        t.deepEqual([...objects.stored.keys()], [view.content?.object]);
        t.is(usedBytes, whole.length);
      } else {
        t.like(view, { state: "refused", refusal: { error: "file.digest_differs" } });
        t.deepEqual([...objects.stored.keys()], []);
        t.is(usedBytes, 0);
      }
    }
  }
});

test("bytes that were replaced after their digest was taken never become those that others share", async (t) => {
  const { actors, objects, work, store } = start();
  const [named, others] = [Buffer.from("what the digest says"), Buffer.from("something else there")];
  const evil = actors.get(File, "f1");
  const plan = { sizeBytes: named.length, chunkBytes: named.length, chunks: 0 };
  await evil.begin({ ownerId: "7", purpose: "chat_file", type: "chat_file", name: "a.txt", plan });
  const digest = await store(objectNamesOf("f1").raw, named);
  await evil.received({ digest });
  await evil.stored({ digest, isReplaceable: true });
  await store(objectNamesOf("f1").raw, others);
  await workAll(work);
  t.like(await evil.find({}), { state: "refused", refusal: { error: "file.digest_differs" } });
  t.is(await actors.get(Blob, digest.sha256).find({}), undefined);
  t.deepEqual([...objects.stored.keys()], []);

  const honest = actors.get(File, "f2");
  await honest.begin({ ownerId: "9", purpose: "chat_file", type: "chat_file", name: "b.txt" });
  await store(objectNamesOf("f2").raw, named);
  await honest.stored({ digest });
  await workAll(work);
  const { content } = await honest.find({});
  t.is(objects.stored.get(content?.object ?? "")?.toString(), named.toString());
});
