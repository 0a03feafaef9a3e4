// Idempotent sends (G2). A key that was used within 8 days is never taken for a new one: the newest keys are kept exactly, and
// a filter per day says which older keys to look up in the rows. Keys whose rows are not written yet stand in the tail.
// An ordinary send has a new key: it reads nothing and waits for nothing.

import { msOfStamp } from "../../runtime/log/stamp.ts";
import type { ActorRecord } from "../../runtime/record.ts";
import { DomainError } from "../../shared/errors.ts";
import { hashText } from "../../shared/hash.ts";
import type { ConversationId, UserId } from "../../shared/ids.ts";
import { BloomFilter } from "./bloom.ts";
import type { ConversationEvent, Sent } from "./events.ts";
import type { SendReader, SendReceipt } from "./send-types.ts";

/** Keys are kept exactly for at least so long, unless more than `keysPerGeneration` keys came since. */
const exactMs = 600_000;
const keysPerGeneration = 256;
const dayMs = 86_400_000;
/** Today and 7 days back. */
const daysKept = 8;

/** `version` 0: an old send, found by its row. */
interface KnownSend extends SendReceipt {
  hash: number;
}

export interface Dedupe {
  /** Two generations of exact keys: new keys go into the younger one, and the older one is dropped as a whole. */
  young: Map<string, KnownSend>;
  old: Map<string, KnownSend>;
  youngFromMs: number;
  days: { day: number; filter: BloomFilter }[];
}

export function emptyDedupe(): Dedupe {
  return { young: new Map(), old: new Map(), youngFromMs: 0, days: [] };
}

export function sendKey(senderId: UserId, clientMsgId: string): string {
  return `${senderId} ${clientMsgId}`;
}

export function findExact(dedupe: Dedupe, key: string): KnownSend | undefined {
  return dedupe.young.get(key) ?? dedupe.old.get(key);
}

/** The tail holds every send whose row the views may lack, however many keys came in the last minute. */
export function findInTail(tail: readonly ActorRecord[], senderId: UserId, clientMsgId: string): KnownSend | undefined {
  for (const { events, atMs } of tail) {
    for (const event of events as ConversationEvent[]) {
      if (event.type !== "sent" || event.senderId !== senderId || event.clientMsgId !== clientMsgId) continue;
      const { messageId, seq, version, hash, replyId } = event;
      return { messageId, seq, version, atMs, hash, ...(replyId !== undefined && { replyId }) };
    }
  }
  return undefined;
}

/** Days on which the key may have been used, newest first; for a new key almost always none. */
export function daysToAsk(dedupe: Dedupe, key: string, nowMs: number): number[] {
  const hash = hashText(key);
  const oldest = dayOf(nowMs) - daysKept;
  const days: number[] = [];
  for (const { day, filter } of dedupe.days) if (day > oldest && filter.mayHave(hash)) days.unshift(day);
  return days;
}

export async function findInRows(
  sends: SendReader,
  days: readonly number[],
  conversationId: ConversationId,
  { senderId, clientMsgId }: { senderId: UserId; clientMsgId: string },
): Promise<KnownSend | undefined> {
  for (const day of days) {
    const row = await sends.find(conversationId, day, senderId, clientMsgId);
    if (row) return { ...row, version: 0, atMs: msOfStamp(Number(row.messageId)) };
  }
  return undefined;
}

/** The first receipt again; throws common.conflict for another payload under the same key. */
export function receiptAgain({ hash, ...receipt }: KnownSend, hasPayload: (hash: number) => boolean): SendReceipt {
  if (hasPayload(hash)) return receipt;
  throw new DomainError("common.conflict", { message: "This clientMsgId was used for another message." });
}

export function foldSend(dedupe: Dedupe, sent: Sent, atMs: number): void {
  const key = sendKey(sent.senderId, sent.clientMsgId);
  if (dedupe.young.size >= keysPerGeneration || atMs - dedupe.youngFromMs > exactMs) {
    dedupe.old = dedupe.young;
    dedupe.young = new Map();
    dedupe.youngFromMs = atMs;
  }
  const { messageId, seq, version, hash, replyId } = sent;
  const known: KnownSend = { messageId, seq, version, atMs, hash };
  if (replyId !== undefined) known.replyId = replyId;
  dedupe.young.set(key, known);
  const day = dayOf(atMs);
  let today = dedupe.days.at(-1);
  if (today?.day !== day) today = openDay(dedupe, day);
  today.filter.add(hashText(key));
}

/** The filter of the row's day, which may be an earlier one when the clock of a new owner is behind. */
function openDay(dedupe: Dedupe, day: number): Dedupe["days"][number] {
  const known = dedupe.days.find((kept) => kept.day === day);
  if (known) return known;
  const opened = { day, filter: new BloomFilter() };
  dedupe.days = [...dedupe.days, opened].sort((a, b) => a.day - b.day).slice(-daysKept);
  return opened;
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}
