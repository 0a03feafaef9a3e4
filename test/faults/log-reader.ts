// Reads the log of each shard from its beginning and reports violations of the journal protocol: each commit names the one
// before it, without a gap or a fork (J2). Epochs rise by one with each fence, and between two fences only the boot of the
// first one commits (G4, J3). The records of an actor are numbered 1, 2, 3 … The stamps of a shard rise, and none is above the
// stamp of its commit.
import { bootOf } from "../../actors/runtime/log/commit.ts";
import type { Commit } from "../../actors/runtime/record.ts";

interface ShardState {
  sequence: number;
  epoch: number;
  stamp: number;
  recordStamp: number;
  /** The owner. Undefined: the shard was released. */
  boot: string | undefined;
}

export class LogReader {
  #shards = new Map<number, ShardState>();
  /** By actor, the number of its last record. */
  #records = new Map<string, number>();
  /** By shard whose reading was resumed: the actors whose records were read since then. */
  #resumed = new Map<number, Set<string>>();
  /** By boot, the name of the host. */
  #hosts = new Map<string, string>();

  lastSequence(shard: number): number {
    return this.#shards.get(shard)?.sequence ?? 0;
  }

  /** The owner of the shard after the commits that were read. */
  ownerOf(shard: number): string | undefined {
    const boot = this.#shards.get(shard)?.boot;
    return boot === undefined ? undefined : this.#hosts.get(boot);
  }

  /**
   * Continues in a trimmed log: the commit that was read last was removed, and `commit` is the next one that is left. The
   * number of an actor's next record may then be any higher one, once.
   */
  resume(shard: number, { prev, epoch, type, id }: Commit): void {
    const known = this.#shards.get(shard);
    const before = { stamp: known?.stamp ?? 0, recordStamp: known?.recordStamp ?? 0, boot: bootOf(id) };
    this.#shards.set(shard, { ...before, sequence: prev, epoch: epoch - (type === "fence" ? 1 : 0) });
    this.#resumed.set(shard, new Set());
  }

  /** Reads the next commit of a shard and returns its violations. */
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

  /** Returns the stamp of the last record. */
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
