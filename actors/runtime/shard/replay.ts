// Replays the commits that a new owner inherited: their notifications, heads and due times are made again (shard/replay).
// Their rows go through the projector and their commands through the outbox. Receivers drop repeats by version and watermark.
import type { Notification } from "../../shared/notification.ts";
import type { FoldedActor } from "../actor/fold-actor.ts";
import { dueMsOf, dueRow, type EffectReporter, notificationsOf, tryEffect } from "../actor/record-effects.ts";
import type { AnyBehaviour } from "../contract.ts";
import { FoldError } from "../errors.ts";
import type { Head } from "../head.ts";
import type { Address, Kind } from "../kinds.ts";
import type { TrackedCommit } from "../log/projector.ts";
import type { Clock, Row } from "../ports.ts";
import type { ActorRecord } from "../record.ts";

interface ReplayDeps extends EffectReporter {
  readonly shard: number;
  readonly clock: Clock;
  /** After a replay that failed: the views are away. */
  readonly retryMs: number;
  /** The shard is owned. */
  isLive(): boolean;
  behaviourOf(kind: Kind): AnyBehaviour;
  /** A place among the actors that are read at once, of all shards of the host. */
  inTurn(work: () => Promise<void>): Promise<void>;
  /** Reads the actor as it was right after record `untilN`. */
  load(address: Address, untilN: number): Promise<FoldedActor>;
  putHeads(heads: ReadonlyMap<string, Head>): void;
  publish(notifications: readonly Notification[]): void;
  addRows(rows: readonly Row[]): void;
  scheduleDue(address: Address, dueMs: number): void;
  /** Every commit was replayed: the mark may pass them. */
  onDone(): void;
}

/** Actors of one shard that wait for a place at once: behind views that were away stand thousands. */
const waitingAtOnce = 8;

export class Replay {
  #deps: ReplayDeps;
  #commits: readonly TrackedCommit[];
  /** Actors that are not replayed yet. */
  #pending = 0;
  /** By actor: its records. The next actor is the last. */
  #left: (readonly ActorRecord[])[] = [];

  constructor(deps: ReplayDeps, commits: readonly TrackedCommit[]) {
    this.#deps = deps;
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
    for (let i = 0; i < waitingAtOnce; i += 1) this.#replayNext();
    this.#endWhenDone();
  }

  #replayNext(): void {
    const records = this.#left.pop();
    if (records && this.#deps.isLive()) this.#replay(records);
  }

  /** Tried until it works: no mark passes a commit whose notifications were not published. */
  #replay(records: readonly ActorRecord[]): void {
    const { kind, key } = records[0]!;
    // No caller waits for it, so it takes no place from the actors that callers wait for.
    const replayed = this.#deps.inTurn(() => this.#replayOnce({ kind, key }, records));
    replayed.then(
      () => {
        this.#pending -= 1;
        this.#endWhenDone();
        this.#replayNext();
      },
      (cause: unknown) => {
        this.#deps.reportError(`${kind} ${key} cannot be replayed yet`, cause);
        this.#deps.clock.after(this.#deps.retryMs, () => {
          this.#left.unshift(records);
          this.#replayNext();
        });
      },
    );
  }

  async #replayOnce(address: Address, records: readonly ActorRecord[]): Promise<void> {
    const { behaviourOf, isLive, putHeads, publish, addRows, scheduleDue } = this.#deps;
    const behaviour = behaviourOf(address.kind);
    const last = records.at(-1)!;
    // Folded separately, up to the last inherited record: notifications must not reflect later turns.
    const loaded = await this.#load(address, last);
    if (!isLive() || loaded === undefined) return;
    const { state } = loaded.folded;
    const head = this.#try(last, "head", () => behaviour.head?.(state));
    if (head) putHeads(new Map([[address.key, head]]));
    for (const record of records) {
      publish(this.#try(record, "notifications", () => notificationsOf(behaviour, state, record)) ?? []);
    }
    if (!behaviour.due) return;
    // Also when nothing is due any more: the row that says so may be missing.
    const dueMs = this.#try(last, "due time", () => dueMsOf(behaviour, state)) ?? 0;
    addRows([dueRow(this.#deps.shard, address, dueMs, last.stamp)]);
    if (dueMs > 0) scheduleDue(address, dueMs);
  }

  /** Undefined: the actor's records cannot be folded, now or at any other try; its effects are left out. */
  async #load(address: Address, last: ActorRecord): Promise<FoldedActor | undefined> {
    try {
      return await this.#deps.load(address, last.n);
    } catch (thrown) {
      if (!(thrown instanceof FoldError)) throw thrown;
      return this.#try(last, "notifications and head", () => {
        throw thrown;
      });
    }
  }

  #try<T>(record: ActorRecord, name: string, effect: () => T): T | undefined {
    return tryEffect(this.#deps, record, name, effect);
  }

  #endWhenDone(): void {
    if (this.#pending > 0) return;
    for (const commit of this.#commits) commit.isPublished = true;
    this.#deps.onDone();
  }
}
