import type { Clock } from "../ports.ts";

/** A call that waits for its answer. */
export interface PendingCall {
  /** Absolute, ms since 1970. */
  readonly deadlineMs: number;
  /** Monotonic: a host that has not answered by then is not waited for alone. */
  readonly tryUntilMs: number;
  expire(): void;
  /** Sends the call to another host, too. */
  tryAgain(): void;
  /** Other hosts are open than before. */
  hostsChanged(): void;
}

const sweepMs = 100;

/** The deadlines of all calls of a host, with one timer: a timer per call would cost more than most calls. */
export class Deadlines {
  #calls = new Set<PendingCall>();
  #clock: Clock;
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(call: PendingCall): void {
    this.#calls.add(call);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#clock.after(sweepMs, () => this.#sweep());
  }

  remove(call: PendingCall): void {
    this.#calls.delete(call);
  }

  hostsChanged(): void {
    for (const call of this.#calls) call.hostsChanged();
  }

  #sweep(): void {
    const nowMs = this.#clock.nowMs();
    const monotonicMs = this.#clock.monotonicMs();
    for (const call of this.#calls) {
      if (call.deadlineMs <= nowMs) call.expire();
      else if (call.tryUntilMs <= monotonicMs) call.tryAgain();
    }
    this.#isRunning = this.#calls.size > 0;
    if (this.#isRunning) this.#clock.after(sweepMs, () => this.#sweep());
  }
}
