// Reads the log of each shard from its beginning, and says what the protocol forbids.
// A1: each commit names the one before it (J2): no gap, no fork.
// A2: epochs rise by one, with a fence each; between two fences only the boot of the first one commits (G4, J3).
// A3: the records of an actor are 1, 2, 3 …; stamps of a shard rise, and none is above its commit's.
import { bootOf } from "../../actors/runtime/log/commit.ts";
import type { Commit } from "../../actors/runtime/record.ts";

interface ShardState {
  sequence: number;
  epoch: number;
  stamp: number;
  recordStamp: number;
  /** Undefined: it was given up. */
  boot: string | undefined;
}

export class LogReader {
  #shards = new Map<number, ShardState>();
  /** Last record by actor. */
  #records = new Map<string, number>();
  /** By shard that was resumed: actors that were seen since. */
  #resumed = new Map<number, Set<string>>();
  /** By boot. */
  #hosts = new Map<string, string>();

  lastSequence(shard: number): number {
    return this.#shards.get(shard)?.sequence ?? 0;
  }

  /** The host that owns the shard as far as was read. */
  ownerOf(shard: number): string | undefined {
    const boot = this.#shards.get(shard)?.boot;
    return boot === undefined ? undefined : this.#hosts.get(boot);
  }

  /**
   * What was read last has been trimmed, as a journal that is nearly full may be: it goes on with this commit, and what came
   * between is not known. An actor's records may have risen by any number, once.
   */
  resume(shard: number, { prev, epoch, type, id }: Commit): void {
    const known = this.#shards.get(shard);
    const before = { stamp: known?.stamp ?? 0, recordStamp: known?.recordStamp ?? 0, boot: bootOf(id) };
    this.#shards.set(shard, { ...before, sequence: prev, epoch: epoch - (type === "fence" ? 1 : 0) });
    this.#resumed.set(shard, new Set());
  }

  /** The next commit of a shard; what is wrong with it. */
  read(shard: number, sequence: number, commit: Commit): string[] {
    const before = this.#shards.get(shard) ?? { sequence: 0, epoch: 0, stamp: 0, recordStamp: 0, boot: undefined };
    const boot = bootOf(commit.id);
    const isFence = commit.type === "fence";
    const wrong: string[] = [];
    if (commit.prev !== before.sequence) wrong.push(`J2: prev is ${commit.prev}, not ${before.sequence}`);
    if (commit.epoch !== before.epoch + (isFence ? 1 : 0))
      wrong.push(`J3: epoch ${commit.epoch} after ${before.epoch}`);
    if (!isFence && boot !== before.boot) wrong.push(`G4: ${boot} commits, the shard is ${before.boot ?? "nobody"}'s`);
    if (commit.stamp < before.stamp) wrong.push(`J3: stamp ${commit.stamp} after ${before.stamp}`);
    const recordStamp =
      commit.type === "records" ? this.#readRecords(shard, commit, before, wrong) : before.recordStamp;
    if (recordStamp > commit.stamp) wrong.push(`J2: a record is stamped ${recordStamp}, its commit ${commit.stamp}`);
    if (commit.type !== "records") this.#hosts.set(commit.boot, commit.host);
    const owner = commit.type === "released" ? undefined : boot;
    this.#shards.set(shard, { sequence, epoch: commit.epoch, stamp: commit.stamp, recordStamp, boot: owner });
    return wrong.map((each) => `${each} (shard ${shard}, ${sequence}, ${commit.type} ${commit.id})`);
  }

  /** The last one's stamp. */
  #readRecords(
    shard: number,
    commit: Commit & { type: "records" },
    { recordStamp }: ShardState,
    wrong: string[],
  ): number {
    const seen = this.#resumed.get(shard);
    let last = recordStamp;
    for (const { kind, key, n, stamp } of commit.records) {
      const actor = `${kind}/${key}`;
      const expected = (this.#records.get(actor) ?? 0) + 1;
      const mayJump = seen !== undefined && !seen.has(actor) && n > expected;
      seen?.add(actor);
      if (n !== expected && !mayJump) wrong.push(`J2: ${actor} has record ${n}, not ${expected}`);
      if (stamp <= last) wrong.push(`J6: ${actor} is stamped ${stamp} after ${last}`);
      this.#records.set(actor, n);
      last = stamp;
    }
    return last;
  }
}
