// Puts that wait until no reader can read an older head (heads/remember and heads/lease, defined in heads.ts).
import type { Clock } from "../../actors/runtime/ports.ts";

const recheckEveryMs = 50;

interface Waiting {
  ticket: number;
  resolve: () => void;
}

export class WaitingPuts {
  #waiting: Waiting[] = [];
  #cancelRecheck: (() => void) | undefined;
  #clock: Pick<Clock, "after">;
  #isSafe: (ticket: number) => boolean;

  constructor(clock: Pick<Clock, "after">, isSafe: (ticket: number) => boolean) {
    this.#clock = clock;
    this.#isSafe = isSafe;
  }

  async until(ticket: number): Promise<void> {
    if (this.#isSafe(ticket)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ ticket, resolve });
      this.#recheckLater();
    });
  }

  /** Resolves the puts that are safe now. */
  recheck(): void {
    const stillWaiting: Waiting[] = [];
    for (const each of this.#waiting) {
      if (this.#isSafe(each.ticket)) each.resolve();
      else stillWaiting.push(each);
    }
    this.#waiting = stillWaiting;
    this.#recheckLater();
  }

  /** Waiting puts never resolve: their heads may not be stored anywhere. */
  stop(): void {
    this.#cancelRecheck?.();
    this.#waiting = [];
  }

  #recheckLater(): void {
    if (this.#waiting.length === 0 || this.#cancelRecheck) return;
    this.#cancelRecheck = this.#clock.after(recheckEveryMs, () => {
      this.#cancelRecheck = undefined;
      this.recheck();
    });
  }
}
