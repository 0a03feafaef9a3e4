/** Plain counters of one host: read when metrics are asked for, never on the way. */
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
  carried: number;
  poisoned: number;
  /** Effects left out because they threw (record-effects.ts). */
  quarantined: number;
  fencedOff: number;
  takeovers: number;
  rowsWritten: number;
  viewWrites: number;
  troubles: number;
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
    carried: 0,
    poisoned: 0,
    quarantined: 0,
    fencedOff: 0,
    takeovers: 0,
    rowsWritten: 0,
    viewWrites: 0,
    troubles: 0,
  };
}
