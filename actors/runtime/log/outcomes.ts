// What comes of reading a log's tail, and of taking its shard.
import type { Commit } from "../record.ts";
import type { LoggedCommit } from "./shard-log.ts";

export interface DecodedCommit {
  sequence: number;
  commit: Commit;
  bytes: number;
}
/** Data was lost (emptied, cut short, restored): never restarted at 0. */
export interface Damaged {
  kind: "quarantined";
  reason: string;
}
/** Somebody else got in, or owns it, or the log does not say: look again later. `reason`: for whoever looks why. */
export interface Refused {
  kind: "refused";
  owner: string | undefined;
  lastSequence?: number;
  reason?: string;
}
export type TailOutcome = { kind: "tail"; commits: DecodedCommit[] } | Refused | Damaged;
export type TakeOutcome = { kind: "taken"; inherited: LoggedCommit[] } | Refused | Damaged;
