// Limits of the runtime: each with a unit and a defined result (G10).

export interface RuntimeLimits {
  /** Calls that wait at one actor; more get `overloaded`. */
  maxMailboxCommands: number;
  maxMailboxBytes: number;
  /**
   * Events and outbox of one turn, in UTF-8; a larger record is refused as `too_large`. An answer of a model is the largest, with
   * `maxReplyBytes` and what belongs to it. The journal's own limit of a commit is larger.
   */
  maxRecordBytes: number;
  maxOutboxTargets: number;
  /** Records of one commit; more wait for the next. */
  maxCommitBytes: number;
  /** A shard whose records wait for the views beyond this answers `overloaded`. */
  maxTailBytesPerShard: number;
  maxTailBytesPerHost: number;
  /** A call without a deadline of its own. */
  defaultCallTimeoutMs: number;
  /** A try at another host without an answer is followed by one at the next host after this, doubled each time (same id). */
  tryTimeoutMs: number;
  /** A reply that waits for its outbox goes out after this at the latest. */
  settleMsMax: number;
  /** An outbox entry that is unconfirmed for so long is appended again, so that one dead target stops no mark. */
  reappendAfterMs: number;
  /** Actors in memory per host; idle ones beyond it are passivated, the longest idle first. */
  maxActivations: number;
  passivateAfterMs: number;
  /** Actors read from the views at once, per host; the others wait, and get `deadline` when their callers' deadlines pass. */
  maxLoadsAtOnce: number;
  /**
   * A snapshot is due after so many bytes of records since the last one (or twice the last one's size). A smaller limit costs
   * the views more; with a larger one an actor reads more records when it wakes, and many actors do so at once when a host
   * goes: 200 messages take 1 ms to fold.
   */
  snapshotEveryBytes: number;
  snapshotEveryRecords: number;
  /** Results of commands with a commandId are kept so long. */
  resultKeptMs: number;
  maxResultsKept: number;
  /** Pauses between tries of an append with unknown outcome, of a call to a moved shard, of an outbox entry. */
  retryMinMs: number;
  retryMaxMs: number;
  /** Rows of one write to the views. */
  maxRowsPerWrite: number;
  /** How often a host looks for shards to take or give back. */
  placementEveryMs: number;
  /** The due-index is read this far ahead. */
  dueHorizonMs: number;
}

export const defaultRuntimeLimits: RuntimeLimits = {
  maxMailboxCommands: 256,
  maxMailboxBytes: 1024 * 1024,
  maxRecordBytes: 352 * 1024,
  maxOutboxTargets: 500,
  maxCommitBytes: 256 * 1024,
  maxTailBytesPerShard: 4 * 1024 * 1024,
  maxTailBytesPerHost: 512 * 1024 * 1024,
  defaultCallTimeoutMs: 10_000,
  tryTimeoutMs: 1_000,
  settleMsMax: 2_000,
  reappendAfterMs: 10_000,
  maxActivations: 10_000,
  passivateAfterMs: 60_000,
  maxLoadsAtOnce: 128,
  snapshotEveryBytes: 96 * 1024,
  snapshotEveryRecords: 1_000,
  resultKeptMs: 600_000,
  maxResultsKept: 500,
  retryMinMs: 20,
  retryMaxMs: 1_000,
  maxRowsPerWrite: 9_000,
  placementEveryMs: 100,
  dueHorizonMs: 60_000,
};
