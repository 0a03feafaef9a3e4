import type { AnyBehaviour } from "../contract.ts";
import type { ActorRecord } from "../record.ts";
import type { Results } from "./results.ts";

/** The state of an actor, with what the runtime keeps beside it. All of it is a fold of the actor's records. */
export interface Folded {
  state: unknown;
  /** Number of the last record folded; 0: none. */
  n: number;
  /** By source shard: the stamp of the last outbox entry that took effect here. */
  watermarks: Map<number, number>;
  results: Results;
}

/** Folds one record in, whether just decided or read back. Throws when the behaviour cannot fold one of its events. */
export function foldRecord(behaviour: AnyBehaviour, folded: Folded, record: ActorRecord): void {
  const meta = { key: record.key, n: record.n, stamp: record.stamp, atMs: record.atMs };
  for (const event of record.events) behaviour.apply(folded.state, event, meta);
  folded.n = record.n;
  if (record.from) folded.watermarks.set(record.from.shard, record.from.stamp);
  if (record.command) folded.results.keep(record.command, record.atMs);
}
