// How many messages, and mentions, of a conversation are unread for one viewer. Counts are computed from marks, never kept:
// a recall, an expiry or a deletion writes nothing for anybody.
import type { Summary } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import type { UserId } from "../shared/ids.ts";
import type { ListEntry } from "../user/contract.ts";

/** The user's own part: marks, mentions, and messages deleted for this user. */
export interface OwnSide {
  readonly entry: ListEntry | undefined;
  readonly deleted: readonly { seq: number }[];
}

export interface Counts {
  unreadCount: number;
  mentionCount: number;
}

/** Exact, up to `maxUncountedAnswered` messages that do not count: beyond it the counts are too high. */
export function countFrom(summary: Summary, { entry, deleted }: OwnSide): Counts {
  const { head, readSeq, visibleFromSeq, uncountedSeqs } = summary;
  const seenSeq = Math.max(readSeq, visibleFromSeq - 1, entry?.readSeq ?? 0, entry?.clearedSeq ?? 0);
  const uncounted = new Set<number>();
  for (const seq of uncountedSeqs) if (seq > seenSeq) uncounted.add(seq);
  for (const { seq } of deleted) if (seq > seenSeq && seq <= head.seq) uncounted.add(seq);
  const mentions = new Set<number>();
  for (const seqs of [entry?.mentionSeqs ?? [], summary.mentionAllSeqs ?? []]) {
    for (const seq of seqs) if (seq > seenSeq && !uncounted.has(seq)) mentions.add(seq);
  }
  return { unreadCount: Math.max(0, head.seq - seenSeq - uncounted.size), mentionCount: mentions.size };
}

/**
 * The counts as far as the head alone gives them; undefined: only the conversation knows. A pair's head has both users' read
 * counts. The head of any other conversation only shows that nothing is unread.
 */
export function countFromHead(userId: UserId, head: Head, { entry, deleted }: OwnSide): Counts | undefined {
  const readSeq = entry?.readSeq ?? 0;
  const clearedSeq = entry?.clearedSeq ?? 0;
  const pairCount = head.readCount?.[userId];
  const readCount = Math.max(pairCount ?? 0, entry?.readCountSeq ?? 0);
  const atMost = Math.min(head.countSeq - readCount, head.seq - Math.max(readSeq, clearedSeq));
  if (atMost <= 0) return { unreadCount: 0, mentionCount: 0 };
  const isOwnSideRead = clearedSeq <= readSeq && !deleted.some(({ seq }) => seq > readSeq);
  return pairCount !== undefined && isOwnSideRead ? { unreadCount: atMost, mentionCount: 0 } : undefined;
}
