// Shards whose log lost data. A replica that lags looks like a loss, too: a log is believed only when every look at it for
// `quarantineAfterMs` showed the loss.
import type { Clock } from "../ports.ts";

/** A lagging replica has caught up by then, or the leader has answered. */
const quarantineAfterMs = 5_000;
/** A quarantined shard is looked at again so often: a restored log needs no restart of its host. */
const quarantineLookMs = 2_000;

export class Quarantine {
  #clock: Clock;
  #report: (message: string) => void;
  #quarantined = new Map<number, { reason: string; lookAgainMs: number }>();
  /** By shard: when its log looked damaged first, and when last. */
  #suspicions = new Map<number, { sinceMs: number; lastMs: number }>();

  constructor(clock: Clock, report: (message: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  get shards(): { shard: number; reason: string }[] {
    return [...this.#quarantined].map(([shard, { reason }]) => ({ shard, reason }));
  }

  /** True while the shard is not to be looked at. */
  holds(index: number): boolean {
    const quarantined = this.#quarantined.get(index);
    return quarantined !== undefined && this.#clock.monotonicMs() < quarantined.lookAgainMs;
  }

  suspect(index: number, reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#suspicions.get(index);
    // An old suspicion proves nothing: the shard was another host's meanwhile.
    const isOld = known !== undefined && nowMs - known.lastMs > quarantineAfterMs;
    const sinceMs = known && !isOld ? known.sinceMs : nowMs;
    this.#suspicions.set(index, { sinceMs, lastMs: nowMs });
    if (nowMs - sinceMs < quarantineAfterMs) return;
    const isKnown = this.#quarantined.has(index);
    this.#quarantined.set(index, { reason, lookAgainMs: nowMs + quarantineLookMs });
    if (!isKnown) this.#report(`shard ${index} is quarantined: ${reason}`);
  }

  clear(index: number): void {
    this.#suspicions.delete(index);
    this.#quarantined.delete(index);
  }
}
