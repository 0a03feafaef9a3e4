import test, { type ExecutionContext } from "ava";
import { file } from "../../actors/file/file.ts";
import { maxReferences, releasedFileMs, unfinishedFileMs, unusedFileMs } from "../../actors/file/limits.ts";
import { isFileId, objectNamesOf } from "../../actors/file/names.ts";
import { maxGalleryImages } from "../../actors/gallery/contract.ts";
import { gallery } from "../../actors/gallery/gallery.ts";
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { LoneActor } from "../support/lone-actor.ts";

const [alice, bob] = ["7", "9"];
const chat = "a_100";
const photo = { ownerId: alice, conversationId: chat, purpose: "uploaded", name: "photo.png" };
const content = { mime: "image/png", size: 3, sha256: "ab", width: 2, height: 1, hasThumb: true } as const;
const hold = (messageId: string, conversationId = chat) => ({ conversationId, messageId });

function begun() {
  const actor = new LoneActor(file, "f1");
  actor.run("begin", photo);
  return actor;
}
function available() {
  const actor = begun();
  actor.run("stored", {});
  actor.run("complete", content);
  return actor;
}
const removal = {
  kind: "process",
  key: "upload:f1-removal",
  method: "start",
  input: { input: { fileId: "f1", job: "remove", ownerId: alice, conversationId: chat, purpose: "uploaded" } },
};
const leavesGallery = { kind: "gallery", key: chat, method: "remove", input: { fileId: "f1" } };

test("an uploaded file becomes available: its process is started once, when the bytes are stored", (t) => {
  const actor = begun();
  t.like(actor.ask("view", {}), { fileId: "f1", state: "uploading", refCount: 0, ...photo });
  t.deepEqual(actor.told, []);
  t.is(actor.run("stored", {}).state, "processing");
  const input = { fileId: "f1", job: "take", ownerId: alice, conversationId: chat, purpose: "uploaded" };
  t.deepEqual(actor.told, [{ kind: "process", key: "upload:f1", method: "start", input: { input } }]);
  t.is(actor.run("stored", {}).state, "processing");
  t.deepEqual(actor.told, [], "a retry of the upload starts no second process");
  t.like(actor.run("complete", content), { state: "available", content });
  t.like(actor.run("complete", { ...content, size: 4 }), { content }, "a repeated step changes nothing");
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("what an upload is for may be known only after its bytes", (t) => {
  const actor = new LoneActor(file, "f1");
  actor.run("begin", { ownerId: alice, purpose: "uploaded", name: "photo.png" });
  t.like(actor.run("stored", { conversationId: chat, purpose: "mask" }), { conversationId: chat, purpose: "mask" });
  t.like(actor.told[0], { input: { input: { conversationId: chat, purpose: "mask" } } });
  actor.run("stored", { conversationId: "a_200" });
  t.is(actor.ask("view", {}).conversationId, chat);
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("a repeated begin answers the file as it is, and another owner finds nothing", (t) => {
  const actor = available();
  t.like(actor.run("begin", photo), { state: "available", content });
  refused(t, () => actor.run("begin", { ...photo, ownerId: bob }), "file.not_found");
  refused(t, () => actor.run("remove", { userId: bob }), "file.not_found");
  refused(t, () => new LoneActor(file, "none").ask("view", {}), "file.not_found");
  refused(t, () => new LoneActor(file, "none").run("stored", {}), "file.not_found");
});

test("a name is kept as it is, up to its limit", (t) => {
  const actor = new LoneActor(file, "f1");
  t.is(actor.run("begin", { ...photo, name: "照片 (1).png" }).name, "照片 (1).png");
  const long = new LoneActor(file, "f2");
  t.is(long.run("begin", { ...photo, name: "x".repeat(5_000) }).name.length, 255);
});

test("a refused file says why, and is never available", (t) => {
  const actor = begun();
  const refusal = { error: "file.type_refused", message: "This kind of file is not taken." } as const;
  actor.run("stored", {});
  t.deepEqual(actor.run("refuse", refusal), { isRefused: true });
  t.deepEqual(actor.run("refuse", { ...refusal, message: "again" }), { isRefused: true });
  t.like(actor.ask("view", {}), { state: "refused", refusal });
  refused(t, () => actor.run("complete", content), "file.not_found");
  const done = available();
  t.deepEqual(done.run("refuse", refusal), { isRefused: false });
  t.is(done.ask("view", {}).state, "available");
});

test("messages that hold a file are counted once each, and its readers are their conversations'", (t) => {
  const actor = available();
  actor.run("refer", hold("1"));
  actor.run("refer", hold("1"));
  actor.run("refer", hold("2"));
  actor.run("refer", hold("1", "g_5"));
  t.is(actor.ask("view", {}).refCount, 3);
  t.deepEqual(actor.ask("readers", {}), { ownerId: alice, conversationIds: [chat, "g_5"] });
  actor.run("release", hold("1", "g_5"));
  actor.run("release", hold("1", "g_5"));
  actor.run("release", hold("never"));
  t.is(actor.ask("view", {}).refCount, 2);
  t.deepEqual(actor.ask("readers", {}).conversationIds, [chat]);
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("a file expires when the last message has released it and nobody takes it again", (t) => {
  const actor = available();
  actor.run("refer", hold("1"));
  actor.nowMs += 10 * unusedFileMs;
  t.false(actor.wake(), "a message holds it");
  actor.run("release", hold("1"));
  actor.nowMs += releasedFileMs - 1;
  t.false(actor.wake());
  actor.run("refer", hold("2"));
  actor.nowMs += releasedFileMs;
  t.false(actor.wake(), "an edit brought it back");
  actor.run("release", hold("2"));
  actor.nowMs += releasedFileMs;
  t.true(actor.wake());
  t.deepEqual(actor.told, [leavesGallery, removal]);
  refused(t, () => actor.ask("view", {}), "file.not_found");
  refused(t, () => actor.ask("readers", {}), "file.not_found");
  actor.run("refer", hold("3"));
  actor.run("release", hold("3"));
  t.false(actor.wake());
});

test("a file that no message ever held stays longer, and expires", (t) => {
  const actor = available();
  actor.nowMs += unusedFileMs - 1;
  t.false(actor.wake());
  actor.nowMs += 1;
  t.true(actor.wake());
  t.deepEqual(actor.told, [leavesGallery, removal]);
});

test("an upload that did not end expires, and what comes later finds nothing", (t) => {
  for (const isStored of [false, true]) {
    const actor = begun();
    if (isStored) actor.run("stored", {});
    actor.nowMs += unfinishedFileMs;
    t.true(actor.wake());
    t.deepEqual(actor.told, [leavesGallery, removal]);
    refused(t, () => actor.run("stored", {}), "file.not_found");
    refused(t, () => actor.run("complete", content), "file.not_found");
    t.false(actor.wake());
  }
});

test("its owner removes a file, also one that messages hold", (t) => {
  const actor = available();
  actor.run("refer", hold("1"));
  t.is(actor.run("remove", { userId: alice }).state, "deleted");
  t.deepEqual(actor.told, [leavesGallery, removal]);
  t.is(actor.run("remove", { userId: alice }).state, "deleted");
  t.deepEqual(actor.told, [], "a retry removes nothing again");
  refused(t, () => actor.ask("view", {}), "file.not_found");
});

test("a file in more messages than are counted never expires by itself", (t) => {
  const actor = available();
  actor.isChecked = false;
  for (let n = 1; n <= maxReferences + 5; n += 1) actor.run("refer", hold(String(n)));
  t.is(actor.ask("view", {}).refCount, maxReferences);
  for (let n = 1; n <= maxReferences + 5; n += 1) actor.run("release", hold(String(n)));
  actor.nowMs += 10 * unusedFileMs;
  t.false(actor.wake());
  t.is(actor.run("remove", { userId: alice }).state, "deleted");
});

test("an id of a file leads to the objects of no other file", (t) => {
  for (const id of ["", "a/b", "..", "a.b", "é", "x".repeat(65)]) t.false(isFileId(id), id);
  t.true(isFileId("0a-Z_9"));
  t.is(new Set([...Object.values(objectNamesOf("a")), ...Object.values(objectNamesOf("b"))]).size, 10);
});

test("a gallery lists the newest image first, page by page, and by purpose", (t) => {
  const actor = new LoneActor(gallery, chat);
  for (let n = 1; n <= 5; n += 1) actor.run("add", { fileId: `f${n}`, purpose: n % 2 ? "uploaded" : "generated" });
  actor.run("add", { fileId: "f1", purpose: "uploaded" });
  t.deepEqual(actor.ask("page", { offset: 0, limit: 2 }), { fileIds: ["f5", "f4"], total: 5 });
  t.deepEqual(actor.ask("page", { offset: 4, limit: 2 }), { fileIds: ["f1"], total: 5 });
  t.deepEqual(actor.ask("page", { purpose: "generated", offset: 0, limit: 9 }), { fileIds: ["f4", "f2"], total: 2 });
  t.deepEqual(actor.ask("page", { purpose: "mask", offset: 0, limit: 9 }), { fileIds: [], total: 0 });
  actor.run("remove", { fileId: "f4" });
  actor.run("remove", { fileId: "f4" });
  t.deepEqual(actor.ask("page", { offset: 0, limit: 9 }).fileIds, ["f5", "f3", "f2", "f1"]);
  for (let n = 0; n <= actor.records.length; n += 1) t.deepEqual(actor.replayed(n), actor.state);
});

test("of more images than a gallery lists, the oldest leave it", (t) => {
  const actor = new LoneActor(gallery, chat);
  actor.isChecked = false;
  for (let n = 0; n < maxGalleryImages + 2; n += 1) actor.run("add", { fileId: `f${n}`, purpose: "uploaded" });
  t.like(actor.ask("page", { offset: maxGalleryImages - 1, limit: 5 }), { fileIds: ["f2"], total: maxGalleryImages });
});

function refused(t: ExecutionContext, act: () => unknown, error: ErrorName): void {
  t.is(t.throws(act, { instanceOf: DomainError })?.error, error);
}

test("the owner's devices learn that a file is there, before a message holds it, and that it is gone", (t) => {
  const actor = begun();
  actor.run("stored", {});
  t.deepEqual(actor.notifications, [], "nothing is there yet");
  actor.run("complete", content);
  const place = { fileId: "f1", purpose: "uploaded", sessionId: chat, sessionType: "assistant" };
  const [available] = actor.notifications;
  t.like(available, { type: "file.available", target: { users: [alice] } });
  t.like((available as { data?: object }).data, { type: "file.available", ...place });
  actor.run("remove", { userId: alice });
  const gone = actor.notifications.at(-1);
  t.like(gone, { type: "file.removed", target: { users: [alice] } });
  t.like((gone as { data?: object }).data, { type: "file.removed", ...place });

  const refused = begun();
  refused.run("remove", { userId: alice });
  t.deepEqual(refused.notifications, [], "nobody was shown it");
});
