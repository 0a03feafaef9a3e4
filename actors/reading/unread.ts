import type { Head } from "../runtime/head.ts";
import type { ListEntry } from "../user/contract.ts";

/** Unread is a subtraction of watermarks, never a counter; what was cleared or never visible does not count. */
export function countUnread(of: {
  userId: string;
  head: Head;
  entry?: ListEntry | undefined;
  /** What the conversation knows of the viewer, when it was asked. */
  window?: { readSeq: number; readCountSeq: number; visibleFromSeq: number };
}): number {
  const { userId, head, entry, window } = of;
  const readCount = Math.max(entry?.readCountSeq ?? 0, window?.readCountSeq ?? 0, head.readCount?.[userId] ?? 0);
  const seenSeq = Math.max(entry?.readSeq ?? 0, entry?.clearedSeq ?? 0, window?.readSeq ?? 0);
  // Marks count messages, cleared and visible ranges are seqs: no more can be unread than seqs are left.
  const seqsLeft = head.seq - Math.max(seenSeq, (window?.visibleFromSeq ?? 1) - 1);
  return Math.max(0, Math.min(head.countSeq - readCount, seqsLeft));
}
