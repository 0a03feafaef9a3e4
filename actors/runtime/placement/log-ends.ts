import type { TakeOutcome } from "../log/outcomes.ts";
import type { ShardLog } from "../log/shard-log.ts";

/** What this host knows of the ends of logs of shards that it does not own. */
export class LogEnds {
  /** By shard: how far its log went when it was seen last. A log that ends before it lost data. */
  #known = new Map<number, number>();
  /** By shard: a commit of ours may stand behind this sequence. No other host may take the shard while this one lives. */
  #unresolved = new Map<number, number>();

  known(shard: number): number | undefined {
    return this.#known.get(shard);
  }

  isUnresolved(shard: number): boolean {
    return this.#unresolved.has(shard);
  }

  /** The shard is not this host's any more. */
  noteLost(log: ShardLog): void {
    this.#note(log);
    this.#known.set(log.index, Math.max(log.lastSequence, this.#known.get(log.index) ?? 0));
  }

  noteTake(log: ShardLog, outcome: TakeOutcome): void {
    if (this.#note(log)) return;
    // A refusal read from a lagging replica resolves nothing: it must show what came behind the unresolved place.
    const last = outcome.kind === "refused" ? (outcome.lastSequence ?? 0) : 0;
    if (outcome.kind === "taken" || last > (this.#unresolved.get(log.index) ?? Number.POSITIVE_INFINITY)) {
      this.#unresolved.delete(log.index);
    }
  }

  #note({ index, unresolvedAfter }: ShardLog): boolean {
    if (unresolvedAfter === undefined) return false;
    this.#unresolved.set(index, unresolvedAfter);
    return true;
  }
}
