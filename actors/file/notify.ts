// What the owner's devices learn of a file: that it is there, before any message holds it, and that it is gone.
import type { RecordMeta } from "../runtime/contract.ts";
import { addressOf } from "../shared/ids.ts";
import type { Notification } from "../shared/notification.ts";
import type { MakingStage } from "./contract.ts";
import { expiresAtMs } from "./life.ts";
import { contentPath } from "./paths.ts";
import type { FileRules } from "./rules.ts";
import type { FileActorState, FileEvent, FileRecord } from "./state.ts";

export function notifyFile(rules: FileRules) {
  return ({ file }: FileActorState, event: FileEvent, { key, atMs }: RecordMeta): Notification[] => {
    if (!file) return [];
    if (file.facts.type !== undefined) return notifyOwn(file, event, key, atMs, rules);
    const type = typeOf(event);
    if (!type) return [];
    const { conversationId, purpose } = file.facts;
    const place = conversationId === undefined ? {} : addressOf(conversationId);
    return [toOwner(file, type, { fileId: key, purpose, ...place }, atMs)];
  };
}

/** Of a file of the messenger. */
function notifyOwn(file: FileRecord, event: FileEvent, fileId: string, atMs: number, rules: FileRules): Notification[] {
  const { name: fileName, purpose } = file.facts;
  if (event.type === "completed") {
    const { size, mime: mimeType } = event.content;
    const url = contentPath(fileId);
    return [toOwner(file, "file.upload_completed", { fileId, fileName, size, mimeType, url }, atMs)];
  }
  if (event.type === "noticed") {
    return [toOwner(file, "file.expiring", { fileId, fileName, expiresAt: expiresAtMs(file, rules) ?? atMs }, atMs)];
  }
  if (event.type === "gone" && event.wasAvailable) return [toOwner(file, "file.removed", { fileId, purpose }, atMs)];
  return [];
}

export function processing(
  file: FileRecord,
  fileId: string,
  { stage, progress }: { stage: MakingStage; progress: number },
  atMs: number,
): Notification {
  return toOwner(file, "file.processing", { fileId, stage, progress }, atMs);
}

function toOwner(
  { facts: { ownerId } }: FileRecord,
  type: Notification["type"],
  data: Readonly<Record<string, unknown>>,
  atMs: number,
): Notification {
  return { type, target: { users: [ownerId] }, atMs, frame: "NOTIFICATION", data: { type, ...data, timestamp: atMs } };
}

/** A file that was given up before it was there was shown to nobody. */
function typeOf(event: FileEvent): "file.available" | "file.removed" | undefined {
  if (event.type === "completed") return "file.available";
  return event.type === "gone" && event.wasAvailable ? "file.removed" : undefined;
}
