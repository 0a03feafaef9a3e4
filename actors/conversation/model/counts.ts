// What counts as unread. A message stops counting when it is recalled or expires; system messages among others never count.
import type { ConversationState } from "./state.ts";

/** Seqs of a conversation remembered as not counting. Beyond it the older half is forgotten: these messages count again. */
const maxUncounted = 10_000;
/** Such seqs answered to one viewer: the newest. A viewer who is further behind sees an unread count that is too high. */
const maxUncountedAnswered = 1_000;

/** The message takes part in no unread count from here on. */
export function foldUncounted(state: ConversationState, seq: number): void {
  const { uncounted } = state;
  let at = uncounted.length;
  while (at > 0 && uncounted[at - 1]! > seq) at -= 1;
  if (uncounted[at - 1] === seq) return;
  uncounted.splice(at, 0, seq);
  if (uncounted.length > maxUncounted) uncounted.splice(0, maxUncounted / 2);
}

/**
 * Counted messages up to `seq`, such that `countSeq - countAt(seq)` messages above `seq` count now. So the value for one
 * seq rises when a message above that seq stops counting.
 */
export function countAt(state: ConversationState, seq: number): number {
  let above = 0;
  for (let i = state.uncounted.length - 1; i >= 0 && state.uncounted[i]! > seq; i -= 1) above += 1;
  return Math.max(0, state.countSeq - (state.seq - seq - above));
}

/** Seqs above `seq` that do not count, ascending: also of messages whose time is over and whose tombstone is not made yet. */
export function uncountedAbove(state: ConversationState, seq: number, nowMs: number): number[] {
  const seqs = new Set(state.uncounted.filter((each) => each > seq));
  for (const [pendingSeq, { dueMs }] of state.pending) {
    if (pendingSeq > seq && dueMs > 0 && dueMs <= nowMs) seqs.add(pendingSeq);
  }
  return [...seqs].sort((a, b) => a - b).slice(-maxUncountedAnswered);
}
