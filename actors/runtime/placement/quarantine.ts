// Shards whose log lost data. A replica that lags looks like a loss, too: only a log that says so all the time is believed.
import type { Clock } from "../ports.ts";

/** A log that lost data says so for so long: a replica that lags has caught up by then, or the leader has answered. */
const quarantineAfterMs = 5_000;
/** A quarantined shard is looked at again so often: a restored log needs no restart. */
const quarantineLookMs = 2_000;

export class Quarantine {
  #clock: Clock;
  #report: (message: string) => void;
  #quarantined = new Map<number, { reason: string; lookAgainMs: number }>();
  /** Since when a shard's log has looked cut short, and when it last did. */
  #suspicions = new Map<number, { sinceMs: number; lastMs: number }>();

  constructor(clock: Clock, report: (message: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  get shards(): { shard: number; reason: string }[] {
    return [...this.#quarantined].map(([shard, { reason }]) => ({ shard, reason }));
  }

  /** True while it need not be looked at. */
  holds(index: number): boolean {
    const quarantined = this.#quarantined.get(index);
    return quarantined !== undefined && this.#clock.monotonicMs() < quarantined.lookAgainMs;
  }

  suspect(index: number, reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#suspicions.get(index);
    // An old one says nothing of now: the shard was another's meanwhile.
    const isOld = known !== undefined && nowMs - known.lastMs > quarantineAfterMs;
    const sinceMs = known && !isOld ? known.sinceMs : nowMs;
    this.#suspicions.set(index, { sinceMs, lastMs: nowMs });
    if (nowMs - sinceMs < quarantineAfterMs) return;
    const isKnown = this.#quarantined.has(index);
    this.#quarantined.set(index, { reason, lookAgainMs: nowMs + quarantineLookMs });
    if (!isKnown) this.#report(`Shard ${index} is quarantined: ${reason}`);
  }

  clear(index: number): void {
    this.#suspicions.delete(index);
    this.#quarantined.delete(index);
  }
}
