// What a host learns from a shard's log: its commits, and what came of reading or taking the log.
import type { Commit, OutboxEntry } from "../record.ts";
import type { DecidedRecord } from "./decided-record.ts";

/** A commit that the log shows as ours, or that we inherited from the owner before us. */
export interface LoggedCommit {
  readonly sequence: number;
  readonly id: string;
  readonly records: readonly DecidedRecord[];
  /** Outbox entries of earlier commits, appended again (outbox/re-append). */
  readonly reappended: readonly OutboxEntry[];
  readonly bytes: number;
  /** Read from the log when the shard was taken: the owner before us may have published it already. */
  readonly isInherited: boolean;
}

/** A commit as it was read from the log. */
export interface ReadCommit {
  readonly sequence: number;
  readonly commit: Commit;
  readonly bytes: number;
}

/** The log lost data: it was emptied, cut or restored (J1). Its shard is not restarted. */
interface Damaged {
  readonly kind: "quarantined";
  readonly reason: string;
}

/** Another boot owns the shard, its commit came first, or the log cannot tell yet: take the shard again later. */
interface Refused {
  readonly kind: "refused";
  /** The boot that owns the shard; undefined: not known. */
  readonly owner: string | undefined;
  readonly lastSequence?: number;
  /** For the operator. */
  readonly reason?: string;
}

export type TailOutcome = { readonly kind: "tail"; readonly commits: readonly ReadCommit[] } | Refused | Damaged;
export type TakeOutcome = { readonly kind: "taken"; readonly inherited: readonly LoggedCommit[] } | Refused | Damaged;
