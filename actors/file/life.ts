// How long a file stays, and what is shown of it.
import type { FileView } from "./contract.ts";
import { releasedFileMs, unfinishedFileMs, unusedFileMs } from "./limits.ts";
import type { FileRules } from "./rules.ts";
import { countReferences, type FileRecord } from "./state.ts";

/** When the file expires, if nothing happens; undefined: never. */
export function expiresAtMs(file: FileRecord, rules: FileRules): number | undefined {
  const { facts, life, wasUsed, createdAtMs } = file;
  if (life.state === "uploading" || life.state === "processing") {
    if (facts.type === undefined) return createdAtMs + unfinishedFileMs;
    const isAnnounced = life.state === "uploading" && file.upload !== undefined;
    return file.updatedAtMs + (isAnnounced ? rules.uploadExpireMs : unfinishedFileMs);
  }
  if (life.state !== "available") return undefined;
  if (facts.type === "temp") return (life.sinceMs ?? createdAtMs) + rules.tempFileMs;
  if (facts.type !== undefined || life.unusedSinceMs === undefined) return undefined;
  return life.unusedSinceMs + (wasUsed ? releasedFileMs : unusedFileMs);
}

/** When the owner is to be notified that the file expires; undefined: never, or it was done. */
export function noticeAtMs(file: FileRecord, rules: FileRules): number | undefined {
  const { facts, life } = file;
  if (facts.type !== "temp" || life.state !== "available" || life.isNoticed) return undefined;
  const untilMs = expiresAtMs(file, rules);
  return untilMs === undefined ? undefined : untilMs - rules.expiringNoticeMs;
}

export function viewOf(fileId: string, file: FileRecord, rules: FileRules): FileView {
  const { facts, life, createdAtMs, updatedAtMs, upload } = file;
  const refCount = countReferences(file);
  const view: FileView = { fileId, ...facts, state: life.state, refCount, createdAtMs, updatedAtMs };
  if (life.state === "available") view.content = life.content;
  if (life.state === "refused") view.refusal = life.refusal;
  if (upload && life.state === "uploading") {
    const { plan, digest } = upload;
    const parts = [...upload.parts].sort((a, b) => a - b);
    view.upload = { plan, parts, ...(digest && { digest }), expiresAtMs: expiresAtMs(file, rules) ?? 0 };
  }
  return view;
}
