// What this host must write to Redis before it may hold its lease again: remembered heads (heads/remember in heads.ts) and
// lost writers (heads/lost-writer).
import type { Head } from "../../actors/runtime/head.ts";
import { type HeadsStore, maxHeadsPerStep, type Remembered } from "./heads-store.ts";

/** Lost writers that wait to be reported; with more, the generation is changed without looking at their leases. */
const maxLost = 1_000;
const maxKnownLost = 100;

export class HeadsBacklog {
  #maxRemembered: number;
  #onOverflow: () => void;
  #remembered = new Map<string, Remembered>();
  #lost = new Set<string>();
  #isOverflowed = false;
  #overflows = 0;
  #isChangingGen = false;
  #ticket = 0;
  /** Puts up to this ticket are written. */
  clearedTicket = 0;

  constructor(maxRemembered: number, onOverflow: () => void) {
    this.#maxRemembered = maxRemembered;
    this.#onOverflow = onOverflow;
  }

  /** Keeps the latest head of each conversation. Returns the ticket of this put. */
  remember(heads: ReadonlyMap<string, Head>, gen: string): number {
    for (const [id, head] of heads) {
      // The generation will be changed, which voids every head: none needs to be remembered.
      if (this.#isOverflowed && !this.#isChangingGen) break;
      const known = this.#remembered.get(id);
      if (known && known.head.version > head.version) continue;
      this.#remembered.set(id, { gen, head });
      if (this.#remembered.size > this.#maxRemembered) this.#overflow();
    }
    this.#ticket += 1;
    return this.#ticket;
  }

  /** The newest lost writers, oldest first. */
  #knownLost: string[] = [];

  addLost(writer: string): void {
    this.#knownLost = [...this.#knownLost.filter((known) => known !== writer), writer].slice(-maxKnownLost);
    if (this.#lost.size >= maxLost) this.#overflow();
    else this.#lost.add(writer);
  }

  /** For another server, which may hold older puts of the lost writers. */
  reportLostAgain(): void {
    for (const writer of this.#knownLost) this.#lost.add(writer);
  }

  hasLost(writer: string): boolean {
    return this.#lost.has(writer);
  }

  has(conversationId: string): boolean {
    return this.#remembered.has(conversationId);
  }

  get size(): number {
    return this.#remembered.size;
  }

  /** Every head in Redis may be stale, and counts as stale. */
  get isAllStale(): boolean {
    return this.#isOverflowed || this.#lost.size > 0;
  }

  get isEmpty(): boolean {
    return !this.isAllStale && this.#remembered.size === 0;
  }

  /** Writes at least what was remembered when the call began; later additions may remain. */
  async clear(store: HeadsStore): Promise<void> {
    if (this.#isOverflowed) await this.#changeGeneration(store);
    for (const writer of [...this.#lost]) {
      await store.forgetWriter(writer);
      this.#lost.delete(writer);
    }
    await this.#writeRemembered(store);
    if (this.isEmpty) this.clearedTicket = this.#ticket;
  }

  /** Which heads are stale is no longer known, so all count as stale. */
  #overflow(): void {
    this.#overflows += 1;
    this.#isOverflowed = true;
    this.#remembered.clear();
    this.#onOverflow();
  }

  async #changeGeneration(store: HeadsStore): Promise<void> {
    const overflows = this.#overflows;
    this.#isChangingGen = true;
    try {
      await store.forget();
      if (this.#overflows === overflows) this.#isOverflowed = false;
    } finally {
      this.#isChangingGen = false;
    }
  }

  async #writeRemembered(store: HeadsStore): Promise<void> {
    const entries: [string, Remembered][] = [];
    for (const entry of this.#remembered) {
      if (entries.push(entry) === maxHeadsPerStep) break;
    }
    if (entries.length === 0) return;
    await store.put(entries);
    for (const [id, entry] of entries) if (this.#remembered.get(id) === entry) this.#remembered.delete(id);
  }
}
