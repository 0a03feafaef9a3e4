/** Plain counters of one host. Metrics read them when they are asked for. */
export interface RuntimeStats {
  turns: number;
  commits: number;
  records: number;
  journaledBytes: number;
  mailboxRejections: number;
  overloads: number;
  activations: number;
  passivations: number;
  snapshots: number;
  /** Outbox entries appended again. */
  reappended: number;
  /** Commands that crashed their actor. */
  deadLettered: number;
  /** Effects of single records left out because they threw (actor/record-effects.ts). */
  effectsLeftOut: number;
  /** Shards lost to another owner. */
  fencedOff: number;
  /** Shards taken. */
  takeovers: number;
  rowsWritten: number;
  viewWrites: number;
  errorReports: number;
}

export function createStats(): RuntimeStats {
  return {
    turns: 0,
    commits: 0,
    records: 0,
    journaledBytes: 0,
    mailboxRejections: 0,
    overloads: 0,
    activations: 0,
    passivations: 0,
    snapshots: 0,
    reappended: 0,
    deadLettered: 0,
    effectsLeftOut: 0,
    fencedOff: 0,
    takeovers: 0,
    rowsWritten: 0,
    viewWrites: 0,
    errorReports: 0,
  };
}
