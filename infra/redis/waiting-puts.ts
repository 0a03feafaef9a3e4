// Puts that wait until no reader can read an older head (heads/remember and heads/lease in heads.ts).
import type { Clock } from "../../actors/runtime/ports.ts";

const lookEveryMs = 50;

interface Waiting {
  ticket: number;
  resolve: () => void;
}

export class WaitingPuts {
  #waiting: Waiting[] = [];
  #cancelLook: (() => void) | undefined;
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
      this.#lookLater();
    });
  }

  look(): void {
    const stillWaiting: Waiting[] = [];
    for (const each of this.#waiting) {
      if (this.#isSafe(each.ticket)) each.resolve();
      else stillWaiting.push(each);
    }
    this.#waiting = stillWaiting;
    this.#lookLater();
  }

  /** Waiting puts stay unanswered: their heads may be nowhere. */
  stop(): void {
    this.#cancelLook?.();
    this.#waiting = [];
  }

  #lookLater(): void {
    if (this.#waiting.length === 0 || this.#cancelLook) return;
    this.#cancelLook = this.#clock.after(lookEveryMs, () => {
      this.#cancelLook = undefined;
      this.look();
    });
  }
}
