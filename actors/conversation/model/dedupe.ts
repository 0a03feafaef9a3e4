// Idempotent sends (G2). D1: a key that was used within 8 days is never taken for a new one. D2: keys that the views may not
// hold yet are found in memory (the exact keys) or in the tail. D3: the ordinary path reads nothing and waits for nothing.

import { msOfStamp } from "../../runtime/log/stamp.ts";
import type { ActorRecord } from "../../runtime/record.ts";
import { DomainError } from "../../shared/errors.ts";
import { hashText } from "../../shared/hash.ts";
import type { ConversationId, UserId } from "../../shared/ids.ts";
import { BloomFilter } from "./bloom.ts";
import type { ConversationEvent, Sent } from "./events.ts";
import type { SendReader, SendReceipt } from "./send-types.ts";

/** Keys are exact for at least so long, unless more than `keysPerGeneration` came since. */
const exactMs = 600_000;
const keysPerGeneration = 256;
const dayMs = 86_400_000;
/** Today and 7 days back. */
const daysKept = 8;

/** `version` 0: a send of long ago, found by its row. */
export interface KnownSend extends SendReceipt {
  hash: number;
}

export interface Dedupe {
  /** Two generations: the younger is filled, the older is dropped as a whole. */
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

/** D2 without the tail. */
export function findExact(dedupe: Dedupe, key: string): KnownSend | undefined {
  return dedupe.young.get(key) ?? dedupe.old.get(key);
}

/** D2: the tail holds what the views may lack, however many keys a busy minute brought. */
export function findInTail(tail: readonly ActorRecord[], senderId: UserId, clientMsgId: string): KnownSend | undefined {
  for (const { events, atMs } of tail) {
    for (const event of events as ConversationEvent[]) {
      if (event.type !== "sent" || event.senderId !== senderId || event.clientMsgId !== clientMsgId) continue;
      const { messageId, seq, version, hash } = event;
      return { messageId, seq, version, atMs, hash };
    }
  }
  return undefined;
}

/** Days on which the key may have been used, newest first; none almost always (D3). */
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

/** The first receipt again; another payload under the same key is a mistake of the client. */
export function receiptAgain({ hash: knownHash, ...receipt }: KnownSend, hash: number): SendReceipt {
  if (hash === knownHash) return receipt;
  throw new DomainError("common.conflict", { message: "This clientMsgId was used for another message." });
}

export function foldSend(dedupe: Dedupe, sent: Sent, atMs: number): void {
  const key = sendKey(sent.senderId, sent.clientMsgId);
  if (dedupe.young.size >= keysPerGeneration || atMs - dedupe.youngFromMs > exactMs) {
    dedupe.old = dedupe.young;
    dedupe.young = new Map();
    dedupe.youngFromMs = atMs;
  }
  const { messageId, seq, version, hash } = sent;
  dedupe.young.set(key, { messageId, seq, version, atMs, hash });
  const day = dayOf(atMs);
  let today = dedupe.days.at(-1);
  if (today?.day !== day) today = openDay(dedupe, day);
  today.filter.add(hashText(key));
}

/** The day must be the row's, also when a new owner's clock is a little behind. */
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
