import test from "ava";
import { File } from "../../actors/file/contract.ts";
import { file } from "../../actors/file/file.ts";
import { unfinishedFileMs, unusedFileMs } from "../../actors/file/limits.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import { Gallery } from "../../actors/gallery/contract.ts";
import { gallery } from "../../actors/gallery/gallery.ts";
import { createProcess } from "../../actors/process/process.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { createImages } from "../../infra/images/sharp-images.ts";
import { upload } from "../../workflows/upload/process.ts";
import { createFileSteps } from "../../workflows/upload/steps.ts";
import { type Work, workAll } from "../support/killed-worker.ts";
import { LoneActors } from "../support/lone-actors.ts";
import { MemoryObjects } from "../support/memory-objects.ts";
import { fourColours, pixelBomb, turnedPhoto } from "../support/pictures.ts";

const images = createImages();
const chat = "a_100";
const facts = { ownerId: "7", conversationId: chat, purpose: "uploaded", name: "photo.jpg" };
const names = objectNamesOf("f1");

function start(kills: Work["kills"] = []) {
  const closed = new Set<string>();
  const process = createProcess({ kinds: { upload }, poke() {}, isClosed: (boot) => closed.has(boot) });
  const actors = new LoneActors({ file, gallery, process });
  const objects = new MemoryObjects();
  const activities = createFileSteps({ actors, objects, images });
  const work: Work = { actors, activities, closed, kills };
  return { actors, objects, work, file: actors.get(File, "f1") };
}

/** As a gateway does it: the bytes first, then the word that they are there. */
async function uploaded(bytes: Buffer, kills: Work["kills"] = []) {
  const all = start(kills);
  await all.file.begin(facts);
  await all.objects.put(names.raw, one(bytes), { mime: "application/octet-stream", maxBytes: bytes.length });
  await all.file.stored({});
  return all;
}

test("an uploaded photo becomes a file with a preview, and the bytes as they came are gone", async (t) => {
  const { actors, objects, work, file: photo } = await uploaded(await turnedPhoto(6));
  t.deepEqual(await workAll(work), ["prepareFile", "completeFile", "cleanFile"]);
  const { state, content } = await photo.view({});
  t.is(state, "available");
  t.like(content, { mime: "image/jpeg", width: 64, height: 32, hasThumb: true });
  t.is(content?.size, objects.stored.get(names.whole)?.length);
  t.deepEqual([...objects.stored.keys()].sort(), [names.thumb, names.whole]);
  t.deepEqual(await actors.get(Gallery, chat).page({ offset: 0, limit: 9 }), { fileIds: ["f1"], total: 1 });
});

test("a worker that is killed before or after any step leaves one file, once", async (t) => {
  const photo = await fourColours().png().toBuffer();
  for (const activity of ["prepareFile", "completeFile", "cleanFile"]) {
    for (const moment of ["before", "after"] as const) {
      const kills = [
        { activity, moment },
        { activity, moment },
      ];
      const { actors, objects, work, file: upload } = await uploaded(photo, kills);
      await workAll(work);
      t.is(kills.length, 0, "the workers were killed");
      t.is((await upload.view({})).state, "available", `killed ${moment} ${activity}`);
      t.deepEqual([...objects.stored.keys()].sort(), [names.thumb, names.whole]);
      t.is((await actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).total, 1);
    }
  }
});

test("what is no picture is refused with its reason, and nothing of it stays, whenever workers are killed", async (t) => {
  const cases = [
    { bytes: Buffer.from("<html>"), error: "file.type_refused" },
    { bytes: pixelBomb(20_000, 20_000), error: "file.too_large" },
  ];
  for (const { bytes, error } of cases) {
    for (const activity of ["none", "prepareFile", "refuseFile", "discardFile"]) {
      for (const moment of ["before", "after"] as const) {
        const { actors, objects, work, file: upload } = await uploaded(bytes, [{ activity, moment }]);
        await workAll(work);
        const { state, refusal, content } = await upload.view({});
        t.deepEqual([state, refusal?.error, content], ["refused", error as never, undefined]);
        t.deepEqual([...objects.stored.keys()], []);
        t.is((await actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).total, 0);
      }
    }
  }
});

test("a store that is away is waited for, and an upload ends refused when it stays away", async (t) => {
  const photo = await fourColours().png().toBuffer();
  const short = await uploaded(photo);
  Object.assign(short.objects.failures, { get: 3, put: 3, delete: 3 });
  await workAll(short.work);
  t.is((await short.file.view({})).state, "available");
  t.is(short.objects.stored.size, 2);

  const long = await uploaded(photo);
  Object.assign(long.objects.failures, { get: 1_000, delete: 40 });
  await workAll(long.work);
  t.like(await long.file.view({}), { state: "refused", refusal: { error: "common.unavailable" } });
  t.is(long.objects.stored.size, 0);
});

test("a process that an operator ends leaves no file and no object", async (t) => {
  const { actors, objects, work, file: upload } = await uploaded(await turnedPhoto(1));
  await actors.actor("process", "upload:f1").run("cancel", {});
  t.deepEqual(await workAll(work), ["refuseFile", "discardFile"]);
  t.is((await upload.view({})).state, "refused");
  t.is(objects.stored.size, 0);
});

test("a file that is removed while it is made is gone, with its objects", async (t) => {
  const { actors, objects, work, file: upload } = await uploaded(await turnedPhoto(1));
  const { completeFile } = work.activities;
  const activities = {
    ...work.activities,
    completeFile: async (...args: Parameters<NonNullable<typeof completeFile>>) => {
      await upload.remove({ userId: "7" });
      return completeFile?.(...args);
    },
  };
  await workAll({ ...work, activities });
  const thrown = await t.throwsAsync(upload.view({}), { instanceOf: DomainError });
  t.is(thrown?.error, "file.not_found");
  t.is(objects.stored.size, 0);
  t.is((await actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).total, 0);
});

test("an upload that broke off, and a file that nobody used, expire with all they have stored", async (t) => {
  const broken = start();
  await broken.file.begin(facts);
  await broken.objects.put(names.raw, one(Buffer.from("half")), { mime: "x/y", maxBytes: 10 });
  broken.actors.nowMs += unfinishedFileMs;
  broken.actors.wakeAll();
  t.deepEqual(await workAll(broken.work), ["discardFile"]);
  t.is(broken.objects.stored.size, 0);

  const unused = await uploaded(await turnedPhoto(1));
  await workAll(unused.work);
  unused.work.kills.push({ activity: "discardFile", moment: "before" }, { activity: "discardFile", moment: "after" });
  unused.actors.nowMs += unusedFileMs;
  unused.actors.wakeAll();
  await workAll(unused.work);
  t.is(unused.objects.stored.size, 0);
  t.is((await unused.actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).total, 0);
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
