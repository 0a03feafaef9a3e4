import test from "ava";
import { Conversation } from "../../actors/conversation/contract.ts";
import { File } from "../../actors/file/contract.ts";
import { file } from "../../actors/file/file.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import { Gallery } from "../../actors/gallery/contract.ts";
import { gallery } from "../../actors/gallery/gallery.ts";
import type { ImageEditEnd, ImageEditRequest } from "../../actors/llm/image-edits.ts";
import { Process } from "../../actors/process/contract.ts";
import { createProcess } from "../../actors/process/process.ts";
import type { FoundMessage } from "../../actors/reading/contract.ts";
import { Reply } from "../../actors/reply/contract.ts";
import { reply } from "../../actors/reply/reply.ts";
import { defineActor } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { createImages } from "../../infra/images/sharp-images.ts";
import { edit, resultIdOf } from "../../workflows/edit/process.ts";
import { createEditSteps } from "../../workflows/edit/steps.ts";
import { upload } from "../../workflows/upload/process.ts";
import { createFileSteps } from "../../workflows/upload/steps.ts";
import { type Work, workAll } from "../support/killed-worker.ts";
import { LoneActors } from "../support/lone-actors.ts";
import { MemoryObjects } from "../support/memory-objects.ts";
import { fourColours, movingGif, quartersOf, turnedPhoto, uprightQuarters } from "../support/pictures.ts";

const images = createImages();
const alice = "7";
const chat = "a_100";
const facts = {
  conversationId: chat,
  replyTo: "11",
  replyToSeq: 1,
  assistantId: "own",
  assistantOwnerId: alice,
  fromSeq: 1,
};
const input = { replyId: "500", ...facts, payerId: alice };
const result = resultIdOf("500");
const names = objectNamesOf(result);

interface Ended {
  status: string;
  text: string;
  extra?: { imageIds?: string[] };
  error?: { message: string };
}

/** The conversation, as far as an edit knows it. */
const conversation = defineActor(
  Conversation as never,
  {
    initial: () => ({ ended: [] as Ended[] }),
    apply: (state: { ended: Ended[] }, event: Ended) => void state.ended.push(event),
    commands: {
      replyEnded(turn: { emit(event: Ended): void }, ended: Ended) {
        turn.emit(ended);
        return null;
      },
    },
    queries: { chat: () => ({ modelConfig: {} }) },
    encode: (state: unknown) => state,
    decode: (plain: unknown) => plain,
  } as never,
);

async function start(
  {
    imageIds = ["f1"],
    kills = [],
    pictures = {},
  }: { imageIds?: string[]; kills?: Work["kills"]; pictures?: Record<string, Buffer> } = {},
  answer: (request: ImageEditRequest) => Promise<ImageEditEnd> = made,
) {
  const closed = new Set<string>();
  const process = createProcess({ kinds: { upload, edit }, poke() {}, isClosed: (boot) => closed.has(boot) });
  const actors = new LoneActors({ file, gallery, process, reply, conversation });
  const objects = new MemoryObjects();
  const asked: ImageEditRequest[] = [];
  const message = {
    content: { role: "user", text: "make it blue", imageIds, params: { size: "1024x1024", other: 1 } },
  };
  const activities = {
    ...createFileSteps({ actors, objects, images }),
    ...createEditSteps({
      ...{ actors, objects, images },
      reading: { findMessage: async () => ({ message }) as FoundMessage },
      directory: { resolve: async () => [{ model: "painter" }] as never },
      imageEdits: {
        edit(request) {
          asked.push(request);
          return answer(request);
        },
      },
      stops: { listen: () => () => {} },
      timer: { after: () => () => {} },
    }),
  };
  const work: Work = { actors, activities, closed, kills };
  const all = { f1: await turnedPhoto(6), ...pictures };
  for (const [fileId, bytes] of Object.entries(all)) await uploads(work, objects, fileId, bytes);
  await actors.get(Reply, "500").create({ ...facts, payerId: alice, target: { users: [alice] } });
  await actors.get(Process, "edit:500").start({ input });
  const before = objects.stored.size;
  const ended = () => (actors.actor("conversation", chat).state as { ended: Ended[] }).ended;
  return { actors, objects, work, asked, ended, added: () => objects.stored.size - before };
}

async function uploads({ actors, ...work }: Work, objects: MemoryObjects, fileId: string, bytes: Buffer) {
  const purpose = fileId === "mask" ? "mask" : "uploaded";
  const about = { ownerId: alice, conversationId: chat, purpose, name: "p.jpg" };
  await actors.get(File, fileId).begin(about);
  await objects.put(objectNamesOf(fileId).raw, once(bytes), { mime: "x/y", maxBytes: bytes.length });
  await actors.get(File, fileId).stored({});
  await workAll({ ...work, actors, kills: [] });
}

const picture = fourColours(20, 10).png().toBuffer();
async function made(): Promise<ImageEditEnd> {
  return { kind: "made", bytes: await picture, model: "painter-1", provider: "compatible" };
}

test("a message with an image is answered by a picture, which is a file of the conversation", async (t) => {
  const { actors, objects, work, asked, ended, added } = await start();
  await workAll(work);
  const [request] = asked;
  t.like(request, { requestId: "edit:500", prompt: "make it blue", options: { size: "1024x1024" }, model: "painter" });
  t.deepEqual(await quartersOf(request!.images[0]!.bytes), uprightQuarters);
  t.is(request?.mask, undefined);
  t.deepEqual(
    ended().map(({ status, text, extra }) => ({ status, text, extra })),
    [
      {
        status: "completed",
        text: "",
        extra: { imageIds: [result], model: "painter-1", provider: "compatible" } as never,
      },
    ],
  );
  t.like(await actors.get(File, result).view({}), {
    ...{ state: "available", ownerId: alice, purpose: "generated", conversationId: chat },
    content: { mime: "image/png", width: 20, height: 10 },
  });
  t.deepEqual((await actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).fileIds, [result, "f1"]);
  t.is(added(), 2);
  t.false(objects.stored.has(names.mark));
});

test("a worker that is killed before or after any step: one request, one picture, one answer", async (t) => {
  const all = ["editImage", "prepareFile", "completeFile", "cleanFile", "finishEdit"];
  for (const activity of all) {
    for (const moment of ["before", "after"] as const) {
      const { actors, work, asked, ended, added } = await start({ kills: [{ activity, moment }] });
      await workAll(work);
      const where = `killed ${moment} ${activity}`;
      t.is(work.kills.length, 0, where);
      t.is(asked.length, 1, where);
      t.is(added(), 2, where);
      t.deepEqual(
        ended().map(({ status }) => status),
        ["completed"],
        where,
      );
      t.is((await actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).total, 2, where);
    }
  }
});

test("a worker that is killed while the model paints does not let it paint again, and the user is told", async (t) => {
  const painting = Promise.withResolvers<void>();
  const kills: Work["kills"] = [{ activity: "editImage", moment: "within", at: painting.promise }];
  const { actors, work, asked, ended, added } = await start({ kills }, () => {
    painting.resolve();
    return new Promise(() => {});
  });
  await workAll(work);
  t.is(work.kills.length, 0, "the worker was killed");
  t.is(asked.length, 1);
  t.is(added(), 0);
  t.like(ended()[0], { status: "failed" });
  t.regex(ended()[0]?.text ?? "", /may have been made/);
  t.is((await actors.get(File, result).view({})).state, "refused");
});

test("an error that nobody foresaw does not let the model paint again", async (t) => {
  const { work, asked, ended, added } = await start({}, () => Promise.reject(new TypeError("a bug")));
  await workAll(work);
  t.is(asked.length, 1);
  t.like(ended()[0], { status: "failed" });
  t.is(added(), 0);
});

test("a failure is an answer with a text and without a picture, and leaves no object", async (t) => {
  const failures: [string, () => Promise<ImageEditEnd>, RegExp][] = [
    ["refused", async () => ({ kind: "failed", error: { code: "x", message: "No such size." } }), /No such size/],
    [
      "no picture",
      async () => ({ ...(await made()), bytes: Buffer.from("text") }) as ImageEditEnd,
      /not taken|cannot be read/,
    ],
    ["no budget", async () => Promise.reject(new DomainError("llm.budget_spent")), /budget is spent/],
  ];
  for (const [name, answer, message] of failures) {
    const { work, ended, added, objects } = await start({}, answer);
    await workAll(work);
    t.is(ended().length, 1, name);
    t.like(ended()[0], { status: "failed" }, name);
    t.regex(ended()[0]?.text ?? "", message, name);
    t.is(ended()[0]?.extra?.imageIds, undefined, name);
    t.is(added(), 0, name);
    t.false(objects.stored.has(names.mark), name);
  }
});

test("a request that no upstream has seen is made again", async (t) => {
  let tries = 0;
  const { work, asked, ended, added } = await start({}, async () => {
    tries += 1;
    if (tries < 3) throw new DomainError("llm.rate_limited");
    return made();
  });
  await workAll(work);
  t.is(asked.length, 3);
  t.like(ended()[0], { status: "completed" });
  t.is(added(), 2);
});

test("foreign, unknown and missing pictures are not edited", async (t) => {
  for (const imageIds of [["none"], ["foreign"]]) {
    const { actors, work, asked, ended } = await start({ imageIds });
    await actors.get(File, "foreign").begin({ ownerId: "9", purpose: "uploaded", name: "secret.png" });
    await actors.get(File, "foreign").complete({ mime: "image/png", size: 1, sha256: "" });
    await workAll(work);
    t.is(asked.length, 0);
    t.like(ended()[0], { status: "failed", text: "There is no such file." });
  }
});

test("of several images the mask goes with the first, and a moving one as its first frame", async (t) => {
  const hole = await fourColours(64, 16).png().toBuffer();
  const mask = fourColours()
    .ensureAlpha()
    .composite([{ input: hole, blend: "dest-out", top: 0, left: 0 }]);
  const pictures = { mask: await mask.png().toBuffer(), gif: await movingGif(["#ff0000", "#00ff00"]) };
  const { work, asked, ended } = await start({ imageIds: ["mask", "f1", "gif"], pictures });
  await workAll(work);
  t.like(ended()[0], { status: "completed" });
  const [request] = asked;
  t.deepEqual(
    request?.images.map(({ mime }) => mime),
    ["image/png", "image/png"],
  );
  t.is(request?.mask?.mime, "image/png");
});

test("a stopped edit leaves no picture, and one that ended without its worker neither", async (t) => {
  const stopped = await start();
  await stopped.actors.get(Reply, "500").begin({});
  await stopped.actors.get(Reply, "500").stop({ userId: alice });
  await workAll(stopped.work);
  t.is(stopped.asked.length, 0);
  t.like(stopped.ended()[0], { status: "stopped" });
  t.is(stopped.added(), 0);

  const discarded = await start({}, async () => {
    await discarded.actors.get(Reply, "500").discard({});
    return made();
  });
  await workAll(discarded.work);
  await workAll(discarded.work);
  t.deepEqual(discarded.ended(), []);
  t.is(discarded.added(), 0);
  t.deepEqual((await discarded.actors.get(Gallery, chat).page({ offset: 0, limit: 9 })).fileIds, ["f1"]);
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
