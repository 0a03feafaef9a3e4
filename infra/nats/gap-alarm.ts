// Reports gaps ("a notification may have been missed"), at a bounded rate, because a gateway then compares all its users with
// their present state.
import type { Clock } from "../../actors/runtime/ports.ts";

/** The pause between two reports. A server that restarts makes every host of the cluster raise the alarm. */
const pauseMsMin = 1_000;

export class GapAlarm {
  #clock: Clock;
  #report: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, report: () => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Reports once for all alarms raised until then, at least `pauseMs` (default 1 s) after the last report. */
  raise(options: { pauseMs?: number } = {}): void {
    const nowMs = this.#clock.monotonicMs();
    const dueMs = Math.max(nowMs, this.#lastMs + (options.pauseMs ?? pauseMsMin));
    if (dueMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueMs = dueMs;
    if (dueMs <= nowMs) this.#reportNow();
    else this.#cancel = this.#clock.after(dueMs - nowMs, () => this.#reportNow());
  }

  close(): void {
    this.#cancel?.();
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  #reportNow(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#cancel = undefined;
    this.#lastMs = this.#clock.monotonicMs();
    this.#report();
  }
}
