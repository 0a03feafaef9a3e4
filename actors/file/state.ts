// What is kept of a file, and how its events change it.
import type { RecordMeta } from "../runtime/contract.ts";
import type { ConversationId } from "../shared/ids.ts";
import type { FileContent, FileFacts, FileRefusal, FileView } from "./contract.ts";
import { maxReferences, releasedFileMs, unfinishedFileMs, unusedFileMs } from "./limits.ts";

type Life =
  | { state: "uploading" | "processing" }
  /** `unusedSinceMs`: absent while a message holds it. */
  | { state: "available"; content: FileContent; unusedSinceMs?: number }
  | { state: "refused"; refusal: FileRefusal }
  | { state: "expired" | "deleted" };

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
  createdAtMs: number;
  updatedAtMs: number;
}
export interface FileActorState {
  file?: FileRecord;
}

type Reference = { conversationId: ConversationId; messageId: string };
export type FileEvent =
  | { type: "begun"; facts: FileFacts }
  | { type: "stored"; facts: Partial<FileFacts> }
  | { type: "completed"; content: FileContent }
  | { type: "refused"; refusal: FileRefusal }
  | ({ type: "referred" } & Reference)
  | ({ type: "released" } & Reference)
  | { type: "gone"; state: "expired" | "deleted"; wasAvailable?: true };

export function apply(state: FileActorState, event: FileEvent, { atMs }: RecordMeta): void {
  if (event.type === "begun") {
    const { facts } = event;
    const times = { createdAtMs: atMs, updatedAtMs: atMs };
    state.file = {
      facts,
      life: { state: "uploading" },
      references: new Map(),
      wasUsed: false,
      isPinned: false,
      ...times,
    };
    return;
  }
  const { file } = state;
  if (!file) return;
  file.updatedAtMs = atMs;
  switch (event.type) {
    case "stored":
      file.facts = { ...file.facts, ...event.facts };
      file.life = { state: "processing" };
      break;
    case "completed":
      file.life = { state: "available", content: event.content };
      break;
    case "refused":
      file.life = { state: "refused", refusal: event.refusal };
      break;
    case "gone":
      file.life = { state: event.state };
      file.references.clear();
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
  if (countReferences(file) < maxReferences) held.add(messageId);
  else file.isPinned = true;
}

function release(file: FileRecord, { conversationId, messageId }: Reference): void {
  const held = file.references.get(conversationId);
  held?.delete(messageId);
  if (held?.size === 0 && !file.isPinned) file.references.delete(conversationId);
}

function noteUse({ life, references, isPinned }: FileRecord, atMs: number): void {
  if (life.state !== "available") return;
  if (isPinned || references.size > 0) delete life.unusedSinceMs;
  else life.unusedSinceMs ??= atMs;
}

function countReferences({ references }: FileRecord): number {
  let count = 0;
  for (const held of references.values()) count += held.size;
  return count;
}

/** When the file expires, if nothing happens; undefined: never. */
export function expiresAtMs({ life, wasUsed, createdAtMs }: FileRecord): number | undefined {
  if (life.state === "uploading" || life.state === "processing") return createdAtMs + unfinishedFileMs;
  if (life.state !== "available" || life.unusedSinceMs === undefined) return undefined;
  return life.unusedSinceMs + (wasUsed ? releasedFileMs : unusedFileMs);
}

export function viewOf(fileId: string, file: FileRecord): FileView {
  const { facts, life, createdAtMs, updatedAtMs } = file;
  const refCount = countReferences(file);
  const view: FileView = { fileId, ...facts, state: life.state, refCount, createdAtMs, updatedAtMs };
  if (life.state === "available") view.content = life.content;
  if (life.state === "refused") view.refusal = life.refusal;
  return view;
}

interface PlainFile extends Omit<FileRecord, "references"> {
  references: [ConversationId, string[]][];
}

export function encode({ file }: FileActorState): { file?: PlainFile } {
  if (!file) return {};
  return { file: { ...file, references: [...file.references].map(([id, held]) => [id, [...held]]) } };
}

export function decode(plain: unknown): FileActorState {
  const { file } = plain as { file?: PlainFile };
  if (!file) return {};
  return { file: { ...file, references: new Map(file.references.map(([id, held]) => [id, new Set(held)])) } };
}
