// Wakes actors whose user data falls due (burn, expiry). The views keep the index; memory holds timers for the next
// `horizonMs` of it.
import { Gate } from "../../shared/gate.ts";
import type { Address } from "../kinds.ts";
import type { Clock, Views } from "../ports.ts";

/** A shard of this host. */
interface Wakeable {
  readonly index: number;
  readonly isLive: boolean;
  wake(address: Address): void;
}

interface DueIndexDeps {
  views: Views;
  clock: Clock;
  horizonMs: number;
  reportError(message: string, cause: unknown): void;
}

/** Actors per shard and read; the others come with the next read. */
const maxDuePerRead = 1_000;
const neverEarlierMs = 1;
/** Shards read at once: a host that takes many must first answer its callers. */
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
    // Answers of a lost shard may come after `forget`: a timer set by them would never be cancelled.
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

  /** A read of this shard that is under way, or waits for its turn, serves this call, too. */
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
      this.#deps.reportError(`shard ${shard.index}: its due-index cannot be read`, cause);
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
