/** Every limit of the read side: name, unit, and what happens when it is reached (G10). */
export interface ReadingLimits {
  /** A page of history; more is answered by the next page. */
  maxPageMessages: number;
  /** Newest messages of a conversation that a device sees for the first time, or anew; older ones by history. */
  maxFirstMessages: number;
  /** A device that missed more messages of one conversation gets it anew (`full`) instead of page after page. */
  maxDifferenceMessages: number;
  /** Changes read for one difference; a sync goes on with the next page, a gateway's pull gets `full`. */
  maxDifferenceChanges: number;
  /** Conversations asked or read at the same time for one answer; the others wait. */
  maxConcurrentAsks: number;
  /** Conversations asked at the same time for heads that no cache holds, by all answers of this process; the others wait. */
  maxHeadAsks: number;
  /** Then the list, or the comparison, that they are for fails as `unavailable`. */
  headAsksMsMax: number;
  /** Buckets searched for one page of results; the cursor goes on behind them. */
  maxSearchPartitions: number;
  /** Of one page of results; more is answered by the next page. */
  maxSearchMessages: number;
  /** `updateTimeMs` is set back by this much, so that hosts whose clocks differ leave no entry out. */
  sessionsOverlapMs: number;
}

export const defaultReadingLimits: ReadingLimits = {
  maxPageMessages: 200,
  maxFirstMessages: 50,
  maxDifferenceMessages: 2_000,
  maxDifferenceChanges: 500,
  maxConcurrentAsks: 16,
  maxHeadAsks: 64,
  headAsksMsMax: 10_000,
  maxSearchPartitions: 24,
  maxSearchMessages: 200,
  sessionsOverlapMs: 2_000,
};
