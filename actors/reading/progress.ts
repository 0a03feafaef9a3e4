// The vector that a device holds before an answer, and the cursor for the vector that it holds after.
import { maxMarksPerRecord, Session, type Vector } from "../session/contract.ts";
import type { ConversationId } from "../shared/ids.ts";
import type { Reading, SyncChange } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";

type SyncInput = Parameters<Reading["sync"]>[0];

export interface Start {
  vector: Vector;
  /** The cursor for `vector`; 0 = there is none. */
  cursor: number;
  isFull: boolean;
}

/** A device that holds nothing, or nothing of this store. */
export const fromNothing = (): Start => ({ vector: { userVersion: 0, conversations: {} }, cursor: 0, isFull: true });

export async function findStart(deps: ReadingDeps, { userId, deviceId, from }: SyncInput): Promise<Start> {
  if ("vector" in from) {
    const isOther = from.storeId !== undefined && from.storeId !== deps.storeId;
    return isOther ? fromNothing() : { vector: from.vector, cursor: 0, isFull: false };
  }
  if (from.cursor <= 0 || deviceId === "") return fromNothing();
  const { vector } = await deps.actors.get(Session, userId).vector({ deviceId, cursor: from.cursor });
  return vector ? { vector, cursor: from.cursor, isFull: false } : fromNothing();
}

/**
 * Journals the progress of the device. After a known cursor one record holds what the answer adds; after a client's own
 * vector the whole vector is journaled, in as many records as it takes.
 */
export async function issueCursor(
  deps: ReadingDeps,
  { userId, deviceId }: SyncInput,
  start: Start,
  after: { vector: Vector; changes: readonly SyncChange[] },
): Promise<number> {
  if (deviceId === "") return 0;
  if (start.cursor > 0 && after.changes.length === 0) return start.cursor;
  const session = deps.actors.get(Session, userId);
  const drop = start.cursor > 0 ? listDropped(after.changes) : [];
  const add = start.cursor > 0 ? pick(after) : Object.entries(after.vector.conversations);
  const { userVersion } = after.vector;
  const first = { conversations: Object.fromEntries(add.slice(0, maxMarksPerRecord - drop.length)), userVersion };
  let { cursor } = await session.issueCursor({ deviceId, base: start.cursor, add: first, drop });
  for (let i = maxMarksPerRecord - drop.length; i < add.length; i += maxMarksPerRecord) {
    const conversations = Object.fromEntries(add.slice(i, i + maxMarksPerRecord));
    ({ cursor } = await session.issueCursor({ deviceId, base: cursor, add: { conversations } }));
  }
  return cursor;
}

function pick({ vector, changes }: { vector: Vector; changes: readonly SyncChange[] }): [ConversationId, number][] {
  return changes.flatMap((change): [ConversationId, number][] =>
    change.type === "conversation" ? [[change.conversationId, vector.conversations[change.conversationId]!]] : [],
  );
}

function listDropped(changes: readonly SyncChange[]): ConversationId[] {
  return changes.flatMap((change) => (change.type === "conversation_left" ? [change.conversationId] : []));
}
