/** Every limit of the read side with its unit, and what happens beyond it (G10). */
export interface ReadingLimits {
  /** A page of history; more is answered by the next page. */
  maxPageMessages: number;
  /** The newest messages of a conversation that a device gets for the first time, or anew; older ones are fetched by history. */
  maxFirstMessages: number;
  /** A device that missed more messages of one conversation gets the conversation anew (`full`). */
  maxDifferenceMessages: number;
  /** Changes read for one difference; beyond them a sync goes on with the next page, and a gateway's pull gets `full`. */
  maxDifferenceChanges: number;
  /** Conversations asked or read at the same time for one answer; the others wait. */
  maxConcurrentAsks: number;
  /** Conversations that this process asks at the same time for heads that the cache does not hold; the others wait. */
  maxHeadAsks: number;
  /** In ms: a list, or a comparison, whose heads take longer fails as `unavailable`. */
  headAsksMsMax: number;
  /** Buckets searched for one page of results; the next page goes on behind them. */
  maxSearchPartitions: number;
  /** Messages looked at in place of one bucket where no word narrows the search: a store reads them all to find a sender's. */
  maxSearchRows: number;
  /** Of one page of results; more is answered by the next page. */
  maxSearchMessages: number;
  /** In ms: `updateTimeMs` is set back by this much, so that no entry is left out though the hosts' clocks differ. */
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
  maxSearchRows: 1_000,
  maxSearchMessages: 200,
  sessionsOverlapMs: 2_000,
};
