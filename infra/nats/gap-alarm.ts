// "Something may have been missed", said seldom enough: whoever hears it compares every user with the present.
import type { Clock } from "../../actors/runtime/ports.ts";

/** Between two alarms: a server that restarts makes every host of the cluster raise one. */
const pauseMsMin = 1_000;

export class GapAlarm {
  #clock: Clock;
  #ring: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings once for all that is raised until then; `pauseMs` (1 s) or more after the last one. */
  raise(options: { pauseMs?: number } = {}): void {
    const nowMs = this.#clock.monotonicMs();
    const dueMs = Math.max(nowMs, this.#lastMs + (options.pauseMs ?? pauseMsMin));
    if (dueMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueMs = dueMs;
    if (dueMs <= nowMs) this.#now();
    else this.#cancel = this.#clock.after(dueMs - nowMs, () => this.#now());
  }

  close(): void {
    this.#cancel?.();
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  #now(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#cancel = undefined;
    this.#lastMs = this.#clock.monotonicMs();
    this.#ring();
  }
}
