// Rules of a shard that are functions of their own: the simulation replaces one at a time, to prove that its checker notices
// the loss of each.
import type { LoggedCommit } from "../log/outcomes.ts";
import type { Row } from "../ports.ts";

export interface ShardRules {
  /** The inherited commits whose effects a new owner makes again: all of them (shard/replay). */
  commitsToReplay(inherited: readonly LoggedCommit[]): readonly LoggedCommit[];
  /** A snapshot goes into the views with the rows of its record, so never before the record is committed. */
  writeSnapshot(snapshot: Row, write: { withRecord(row: Row): void; atOnce(row: Row): void }): void;
}

export const shardRules: ShardRules = {
  commitsToReplay: (inherited) => inherited,
  writeSnapshot: (snapshot, { withRecord }) => withRecord(snapshot),
};
