// What the files of a user take, and files that share their bytes.
import test from "ava";
import { blob } from "../../actors/blob/blob.ts";
import { maxSharingFiles } from "../../actors/blob/contract.ts";
import { createFile } from "../../actors/file/file.ts";
import { defaultFileRules } from "../../actors/file/rules.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { storage } from "../../actors/storage/storage.ts";
import { LoneActor } from "../support/lone-actor.ts";

const photo = { type: "chat_image", bytes: 60, maxBytes: 100 } as const;

test("files are counted by bucket, up to the limit of their user", (t) => {
  const actor = new LoneActor(storage, "7");
  actor.run("hold", { fileId: "a", ...photo });
  actor.run("hold", { fileId: "a", ...photo });
  t.throws(() => actor.run("hold", { fileId: "b", ...photo }), { instanceOf: DomainError, message: /no room/ });
  actor.run("hold", { fileId: "b", type: "avatar", bytes: 40, maxBytes: 100 });
  t.deepEqual(actor.ask("usage", {}), {
    ...{ usedBytes: 100, fileCount: 2 },
    buckets: [
      { bucket: "avatars", usedBytes: 40, fileCount: 1 },
      { bucket: "chat", usedBytes: 60, fileCount: 1 },
    ],
  });
  t.deepEqual(actor.ask("page", { offset: 0, limit: 9 }), { fileIds: ["b", "a"], total: 2 });
  t.deepEqual(actor.ask("page", { types: ["chat_image"], offset: 0, limit: 9 }), { fileIds: ["a"], total: 1 });
  actor.run("settle", { fileId: "a", bytes: 10 });
  actor.run("settle", { fileId: "gone", bytes: 10 });
  actor.run("release", { fileId: "b" });
  actor.run("release", { fileId: "b" });
  t.like(actor.ask("usage", {}), { usedBytes: 10, fileCount: 1 });
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("equal bytes have one object until the last file goes, and another one afterwards", (t) => {
  const actor = new LoneActor(blob, "ab12");
  t.is(actor.ask("find", {}), undefined);
  const { object } = actor.run("hold", { fileId: "a" });
  t.is(actor.run("hold", { fileId: "b" }).object, object);
  t.is(actor.run("hold", { fileId: "a" }).object, object, "a step that runs again");
  t.deepEqual(actor.ask("find", {}), { object });
  actor.run("release", { fileId: "a" });
  t.deepEqual(actor.told, []);
  actor.run("release", { fileId: "b" });
  t.like(actor.told[0], { kind: "process", method: "start", input: { input: { job: "erase", object } } });
  t.is(actor.ask("find", {}), undefined);
  t.not(actor.run("hold", { fileId: "c" }).object, object, "the old object may be removed at any time");
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("very many files share several objects", (t) => {
  const actor = new LoneActor(blob, "ab12");
  const objects = new Set(
    Array.from({ length: maxSharingFiles + 1 }, (_, n) => actor.run("hold", { fileId: `f${n}` }).object),
  );
  t.is(objects.size, 2);
});

test("the owner of a temporary file is notified once before it expires", (t) => {
  const rules = { ...defaultFileRules, tempFileMs: 10_000, expiringNoticeMs: 4_000 };
  const actor = new LoneActor(createFile(rules), "f1");
  actor.run("begin", { ownerId: "7", purpose: "temp", type: "temp", name: "soon.txt" });
  const digest = { size: 3, sha256: "ab", md5: "cd" };
  actor.run("stored", { digest });
  t.like(actor.told[0], { key: "intake:f1", input: { input: { job: "make", fileId: "f1", chunks: 0, digest } } });
  actor.run("complete", { ...digest, mime: "text/plain", object: "blobs/ab/1" });
  t.like(actor.told[0], { kind: "storage", key: "7", method: "settle", input: { fileId: "f1", bytes: 3 } });
  t.is(actor.notifications.at(-1)?.type, "file.upload_completed");
  actor.nowMs += 6_000;
  t.true(actor.wake());
  t.is(actor.notifications.at(-1)?.type, "file.expiring");
  t.false(actor.wake(), "once");
  actor.nowMs += 4_000;
  t.true(actor.wake());
  t.is(actor.ask("find", {}).state, "expired");
  t.deepEqual(
    actor.told.map(({ kind, method }) => `${kind}.${method}`),
    ["storage.release", "process.start"],
  );
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});
