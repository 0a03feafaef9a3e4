// Notices that CONTROL went back to an older state: it was restored from a backup, or a server lost power before it had synced.
// Sequences of CONTROL, and of each subject in it, only rise. So CONTROL lost entries that this host has seen when it refuses a
// put because the subject ends below the entry that this host knows there, or appends one at a sequence this host has seen.
// A host whose entries are lost renews in vain: it can hold its lease again only under a new boot.
import type { AppendOutcome } from "../ports.ts";

export class ControlHistory {
  #lastSeen = 0;
  #lostSinceMs: number | undefined;

  /** The highest sequence seen so far: to be noted when a put is sent. */
  get lastSeen(): number {
    return this.#lastSeen;
  }

  see(sequence: number): void {
    this.#lastSeen = Math.max(this.#lastSeen, sequence);
  }

  /** A put showed that CONTROL lost entries, or not. `sent`: what was known when it was sent. */
  note(outcome: AppendOutcome, sent: { expected: number; lastSeen: number }, nowMs: number): void {
    const isLost =
      outcome.kind === "conflict" ? outcome.lastSequence < sent.expected : outcome.sequence <= sent.lastSeen;
    if (isLost) this.#lostSinceMs ??= nowMs;
  }

  /** A renewal of this host came back: its entries are there. */
  clear(): void {
    this.#lostSinceMs = undefined;
  }

  /** True when the loss was noticed `patienceMs` ago and no renewal came back since: the lease has lapsed by then anyway. */
  wentBack(nowMs: number, patienceMs: number): boolean {
    return this.#lostSinceMs !== undefined && nowMs - this.#lostSinceMs >= patienceMs;
  }
}
