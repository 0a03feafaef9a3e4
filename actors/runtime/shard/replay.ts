// R3: what follows from commits that a new owner inherits is done again: bell, heads, due-index. (Rows go through the
// projector, commands through the outbox.) Receivers drop by version and watermark.

import { Activation, type Folded } from "../actor/activation.ts";
import { dueRow, notificationsOf, tryEffect } from "../actor/record-effects.ts";
import type { AnyBehaviour } from "../contract.ts";
import { FoldError } from "../errors.ts";
import type { Address } from "../kinds.ts";
import type { TrackedCommit } from "../log/projector.ts";
import type { ActorRecord } from "../record.ts";
import type { ShardHost } from "../shard-host.ts";
import type { ShardRuntime } from "./shard-runtime.ts";

/** Actors of a shard that wait to be read: behind views that were away stand thousands. */
const toldAtOnce = 8;

export class Retelling {
  #shard: ShardRuntime;
  #host: ShardHost;
  #commits: readonly TrackedCommit[];
  #pending = 0;
  /** Actors' records, the next ones last. */
  #left: (readonly ActorRecord[])[] = [];

  constructor(shard: ShardRuntime, host: ShardHost, commits: readonly TrackedCommit[]) {
    this.#shard = shard;
    this.#host = host;
    this.#commits = commits;
  }

  start(): void {
    const recordsOf = new Map<string, ActorRecord[]>();
    for (const { logged } of this.#commits) {
      for (const { record } of logged.records) {
        const id = `${record.kind}/${record.key}`;
        const known = recordsOf.get(id);
        if (known) known.push(record);
        else recordsOf.set(id, [record]);
      }
    }
    this.#pending = recordsOf.size;
    this.#left = [...recordsOf.values()].reverse();
    for (let i = 0; i < toldAtOnce; i += 1) this.#tellNext();
    this.#whenAllTold();
  }

  #tellNext(): void {
    const records = this.#left.pop();
    if (records && this.#shard.isLive) this.#tell(records);
  }

  /** Until it worked, it counts as pending: no mark passes what nobody was told. */
  #tell(records: readonly ActorRecord[]): void {
    const { kind, key } = records[0]!;
    // Nobody waits for it, as callers wait for theirs: of all shards of the host a few are read at once.
    const told = this.#host.retellings.run(() => this.#tellOnce({ kind, key }, records));
    told.then(
      () => {
        this.#pending -= 1;
        this.#whenAllTold();
        this.#tellNext();
      },
      (cause: unknown) => {
        this.#host.trouble(`${kind} ${key} cannot be told again yet`, cause);
        const { retryMaxMs } = this.#host.limits;
        this.#host.ports.clock.after(retryMaxMs, () => {
          this.#left.unshift(records);
          this.#tellNext();
        });
      },
    );
  }

  async #tellOnce(address: Address, records: readonly ActorRecord[]): Promise<void> {
    const behaviour = this.#host.behaviourOf(address.kind);
    const last = records.at(-1)!;
    // A fold of its own, up to the last inherited record: turns that run meanwhile are not told early.
    const folded = await this.#load(behaviour, address, last);
    if (!this.#shard.isLive || folded === undefined) return;
    const { state } = folded;
    const head = this.#try(last, "head", () => behaviour.head?.(state));
    if (head) this.#host.projector.putHeads(this.#shard, new Map([[address.key, head]]));
    for (const record of records) {
      this.#shard.publish(this.#try(record, "bell", () => notificationsOf(behaviour, state, record, [])) ?? []);
    }
    if (!behaviour.due) return;
    // Also when nothing is due any more: the row that said so may be missing.
    const dueMs = this.#try(last, "due time", () => behaviour.due?.(state)) ?? 0;
    this.#host.projector.addRows([dueRow(this.#shard.index, address, dueMs, last.stamp)]);
    if (dueMs > 0) this.#host.scheduleDue(this.#shard, address, dueMs);
  }

  /** Undefined: its past cannot be folded, which no other try will change; of it nobody can be told. */
  async #load(behaviour: AnyBehaviour, address: Address, last: ActorRecord): Promise<Folded | undefined> {
    try {
      return await this.#shard.load(new Activation(address, behaviour, this.#shard), last.n);
    } catch (thrown) {
      if (!(thrown instanceof FoldError)) throw thrown;
      return this.#try(last, "bells and head", () => {
        throw thrown;
      });
    }
  }

  /** Left out when it throws: it would at every try, and hold the mark for ever. */
  #try<T>(record: ActorRecord, name: string, effect: () => T): T | undefined {
    return tryEffect(this.#host, record, name, effect);
  }

  #whenAllTold(): void {
    if (this.#pending > 0) return;
    for (const commit of this.#commits) commit.isPublished = true;
    this.#host.projector.touch(this.#shard);
  }
}
