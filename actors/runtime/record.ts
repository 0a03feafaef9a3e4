// The format of the log. Hosts refuse a format newer than theirs and keep fields that they do not know.
import type { Address } from "./kinds.ts";

export const logFormat = 1;

/** What one turn of one actor decided. */
export interface ActorRecord {
  readonly kind: Address["kind"];
  readonly key: string;
  /** 1, 2, 3 … per actor. */
  readonly n: number;
  /** From the shard's clock; also the write time of every row made from this record. */
  readonly stamp: number;
  /** Wall time of the turn, ms since 1970. */
  readonly atMs: number;
  readonly events: readonly unknown[];
  readonly outbox?: readonly OutboxEntry[];
  /** The command's id, payload hash and result, for retries (G2). */
  readonly command?: { id: string; hash: number; result: unknown };
  /** The record is the effect of this outbox entry: the receiver's watermark for the sender's shard. */
  readonly from?: { shard: number; stamp: number };
}

/** A command to another actor, sent after the commit in the order of stamps. */
export interface OutboxEntry {
  readonly to: Address;
  readonly method: string;
  readonly input: unknown;
  /** From the sender's shard clock: the receiver's watermark for the sender's shard. */
  readonly stamp: number;
}

interface CommitHead {
  readonly format: number;
  /** shard/epoch/boot/n: never used twice (J4). */
  readonly id: string;
  readonly epoch: number;
  /** The shard clock at the commit: the next owner's clock goes on from here. */
  readonly stamp: number;
  /** Sequence of the shard's commit before; 0 for the first. */
  readonly prev: number;
}

export type Commit = CommitHead &
  (
    | {
        readonly type: "records";
        readonly records: readonly ActorRecord[];
        /** Outbox entries of earlier commits, appended again with their old stamps. */
        readonly carried?: readonly OutboxEntry[];
      }
    | { readonly type: "fence"; readonly host: string; readonly boot: string }
    | {
        readonly type: "released";
        readonly host: string;
        readonly boot: string;
        /** Everything before is published, sent and projected. */
        readonly isDone?: true;
      }
  );
