// What is kept of a file, and how its events change it.
import type { RecordMeta } from "../runtime/contract.ts";
import type { ConversationId } from "../shared/ids.ts";
import type { FileContent, FileFacts, FileRefusal, UploadPlan } from "./contract.ts";
import { maxMessagesKept, maxReferences } from "./limits.ts";
import type { StoredObject } from "./objects.ts";

type Life =
  | { state: "uploading" | "processing" }
  /** `unusedSinceMs`: absent while a message holds it. */
  | { state: "available"; content: FileContent; unusedSinceMs?: number; sinceMs?: number; isNoticed?: true }
  | { state: "refused"; refusal: FileRefusal }
  | { state: "expired" | "deleted" };

interface Upload {
  plan: UploadPlan;
  parts: Set<number>;
  digest?: StoredObject;
}

/** Undefined before `begin`. */
export interface FileRecord {
  facts: FileFacts;
  life: Life;
  /** The messages that hold it. */
  references: Map<ConversationId, Set<string>>;
  /** A message has held it at some time. */
  wasUsed: boolean;
  /** More messages than are counted: it does not expire. */
  isPinned: boolean;
  /** Of a file that was announced before its bytes came. */
  upload?: Upload;
  createdAtMs: number;
  updatedAtMs: number;
}
export interface FileActorState {
  file?: FileRecord;
}

type Reference = { conversationId: ConversationId; messageId: string };
export type FileEvent =
  | { type: "begun"; facts: FileFacts; plan?: UploadPlan }
  | { type: "part_stored"; index: number }
  | { type: "received"; digest: StoredObject }
  | { type: "nonce_taken" }
  /** Its owner was notified that it expires soon. */
  | { type: "noticed" }
  | { type: "stored"; facts: Partial<FileFacts> }
  | { type: "completed"; content: FileContent }
  | { type: "refused"; refusal: FileRefusal }
  | ({ type: "referred" } & Reference)
  | ({ type: "released" } & Reference)
  | { type: "gone"; state: "expired" | "deleted"; wasAvailable?: true };

export function apply(state: FileActorState, event: FileEvent, { atMs }: RecordMeta): void {
  if (event.type === "begun") {
    const { facts, plan } = event;
    const times = { createdAtMs: atMs, updatedAtMs: atMs };
    state.file = {
      facts,
      life: { state: "uploading" },
      references: new Map(),
      wasUsed: false,
      isPinned: false,
      ...(plan && { upload: { plan, parts: new Set() } }),
      ...times,
    };
    return;
  }
  const { file } = state;
  if (!file) return;
  file.updatedAtMs = atMs;
  switch (event.type) {
    case "part_stored":
      file.upload?.parts.add(event.index);
      break;
    case "received":
      if (file.upload) file.upload.digest = event.digest;
      break;
    case "nonce_taken":
      if (file.upload) delete file.upload.plan.nonce;
      break;
    case "noticed":
      if (file.life.state === "available") file.life.isNoticed = true;
      break;
    case "stored":
      file.facts = { ...file.facts, ...event.facts };
      file.life = { state: "processing" };
      break;
    case "completed":
      file.life = { state: "available", content: event.content, sinceMs: atMs };
      break;
    case "refused":
      file.life = { state: "refused", refusal: event.refusal };
      break;
    case "gone":
      // Users who could read a file of the messenger learn after its time that it has expired.
      if (file.facts.type === undefined || event.state === "deleted") file.references.clear();
      file.life = { state: event.state };
      break;
    case "referred":
      refer(file, event);
      break;
    case "released":
      release(file, event);
      break;
  }
  noteUse(file, atMs);
}

function refer(file: FileRecord, { conversationId, messageId }: Reference): void {
  file.wasUsed = true;
  const held = file.references.get(conversationId) ?? new Set();
  file.references.set(conversationId, held);
  if (file.facts.type !== undefined) referNewest(file, held, messageId);
  else if (countReferences(file) < maxReferences) held.add(messageId);
  else file.isPinned = true;
}

/** A file of the messenger stays whatever holds it, so that only the newest messages have to be known. */
function referNewest(file: FileRecord, held: Set<string>, messageId: string): void {
  held.add(messageId);
  const [oldest] = held;
  if (held.size > maxMessagesKept && oldest !== undefined) held.delete(oldest);
  if (countReferences(file) <= maxReferences) return;
  const [longestAgo] = file.references.keys();
  if (longestAgo !== undefined) file.references.delete(longestAgo);
}

function release(file: FileRecord, { conversationId, messageId }: Reference): void {
  const held = file.references.get(conversationId);
  held?.delete(messageId);
  if (held?.size === 0 && !file.isPinned) file.references.delete(conversationId);
}

function noteUse({ facts, life, references, isPinned }: FileRecord, atMs: number): void {
  if (life.state !== "available" || facts.type !== undefined) return;
  if (isPinned || references.size > 0) delete life.unusedSinceMs;
  else life.unusedSinceMs ??= atMs;
}

export function countReferences({ references }: FileRecord): number {
  let count = 0;
  for (const held of references.values()) count += held.size;
  return count;
}

interface PlainFile extends Omit<FileRecord, "references" | "upload"> {
  references: [ConversationId, string[]][];
  upload?: Omit<Upload, "parts"> & { parts: number[] };
}

export function encode({ file }: FileActorState): { file?: PlainFile } {
  if (!file) return {};
  const { upload, ...rest } = file;
  const references = [...file.references].map(([id, held]): [ConversationId, string[]] => [id, [...held]]);
  return { file: { ...rest, references, ...(upload && { upload: { ...upload, parts: [...upload.parts] } }) } };
}

export function decode(plain: unknown): FileActorState {
  const { file } = plain as { file?: PlainFile };
  if (!file) return {};
  const { upload, ...rest } = file;
  const references = new Map(file.references.map(([id, held]) => [id, new Set(held)]));
  return { file: { ...rest, references, ...(upload && { upload: { ...upload, parts: new Set(upload.parts) } }) } };
}
