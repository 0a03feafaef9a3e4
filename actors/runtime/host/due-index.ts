// Wakes actors whose user data falls due (burn, expiry). The views keep the index; memory holds the next minute of it.
import { Gate } from "../../shared/gate.ts";
import type { Address } from "../kinds.ts";
import type { Clock, Views } from "../ports.ts";

/** What the index wakes; a shard of this host. */
export interface Wakeable {
  readonly index: number;
  readonly isLive: boolean;
  wake(address: Address): void;
}

export interface DueIndexDeps {
  views: Views;
  clock: Clock;
  horizonMs: number;
  onTrouble(message: string, cause: unknown): void;
}

/** Actors read from the views at once per shard; the rest comes with the next read. */
const maxDuePerRead = 1_000;
const neverEarlierMs = 1;
/** Shards read at once: a host that takes many must first answer those who call. */
const readAtOnce = 4;

export class DueIndex {
  #timers = new Map<Wakeable, Map<string, { dueMs: number; cancel: () => void }>>();
  #deps: DueIndexDeps;
  #reads = new Gate(readAtOnce);
  #wanted = new Set<Wakeable>();

  constructor(deps: DueIndexDeps) {
    this.#deps = deps;
  }

  schedule(shard: Wakeable, address: Address, dueMs: number): void {
    const nowMs = this.#deps.clock.nowMs();
    // A shard that is lost is asked for once more by what it still had to answer: nobody would forget it again.
    if (!shard.isLive || dueMs > nowMs + this.#deps.horizonMs) return;
    const timers = this.#timersOf(shard);
    const id = `${address.kind}/${address.key}`;
    const known = timers.get(id);
    if (known && known.dueMs <= dueMs) return;
    known?.cancel();
    const cancel = this.#deps.clock.after(Math.max(neverEarlierMs, dueMs - nowMs), () => {
      timers.delete(id);
      if (shard.isLive) shard.wake(address);
    });
    timers.set(id, { dueMs, cancel });
  }

  /** One that is under way for this shard, or waits for its turn, will do. */
  async read(shard: Wakeable): Promise<void> {
    if (this.#wanted.has(shard)) return;
    this.#wanted.add(shard);
    await this.#reads.run(() => this.#read(shard));
    this.#wanted.delete(shard);
  }

  async #read(shard: Wakeable): Promise<void> {
    if (!shard.isLive) return;
    const untilMs = this.#deps.clock.nowMs() + this.#deps.horizonMs;
    try {
      const due = await this.#deps.views.due(shard.index, untilMs, maxDuePerRead);
      for (const { kind, key, dueMs } of due) this.schedule(shard, { kind, key }, dueMs);
    } catch (cause) {
      this.#deps.onTrouble(`The due-index of shard ${shard.index} cannot be read`, cause);
    }
  }

  forget(shard: Wakeable): void {
    for (const { cancel } of this.#timers.get(shard)?.values() ?? []) cancel();
    this.#timers.delete(shard);
  }

  stop(): void {
    for (const shard of [...this.#timers.keys()]) this.forget(shard);
  }

  #timersOf(shard: Wakeable): Map<string, { dueMs: number; cancel: () => void }> {
    let timers = this.#timers.get(shard);
    if (!timers) {
      timers = new Map();
      this.#timers.set(shard, timers);
    }
    return timers;
  }
}
