// What Redis has to be told before this host's lease may be held again (H3, H5 of heads.ts): remembered heads, and writers
// that are lost.
import type { Head } from "../../actors/runtime/head.ts";
import { type HeadsStore, maxHeadsPerStep, type Remembered } from "./heads-store.ts";

/** Lost writers that wait; more change the generation without asking whether they left anything, and who said so before. */
const maxLost = 1_000;
const maxKnownLost = 100;

export class HeadsBacklog {
  #maxRemembered: number;
  #onOverflow: () => void;
  #remembered = new Map<string, Remembered>();
  #lost = new Set<string>();
  #isOverflowed = false;
  #overflows = 0;
  #isForgetting = false;
  #ticket = 0;
  /** Of puts up to this ticket nothing is left to be told. */
  clearedTicket = 0;

  constructor(maxRemembered: number, onOverflow: () => void) {
    this.#maxRemembered = maxRemembered;
    this.#onOverflow = onOverflow;
  }

  /** The latest head of each. Answers the ticket of this put. */
  remember(heads: ReadonlyMap<string, Head>, gen: string): number {
    for (const [id, head] of heads) {
      // Until the generation is changed nothing is worth remembering.
      if (this.#isOverflowed && !this.#isForgetting) break;
      const known = this.#remembered.get(id);
      if (known && known.head.version > head.version) continue;
      this.#remembered.set(id, { gen, head });
      if (this.#remembered.size > this.#maxRemembered) this.#overflow();
    }
    this.#ticket += 1;
    return this.#ticket;
  }

  /** Of late, oldest first. */
  #knownLost: string[] = [];

  addLost(writer: string): void {
    this.#knownLost = [...this.#knownLost.filter((known) => known !== writer), writer].slice(-maxKnownLost);
    if (this.#lost.size >= maxLost) this.#overflow();
    else this.#lost.add(writer);
  }

  /** We talk to another server: it may hold what they put, and not what they could not. */
  lostElsewhere(): void {
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

  /** All heads in Redis may be old, for all we know. */
  get isAllOld(): boolean {
    return this.#isOverflowed || this.#lost.size > 0;
  }

  get isEmpty(): boolean {
    return !this.isAllOld && this.#remembered.size === 0;
  }

  /** What was here when it began is told; what came meanwhile may be left. */
  async clear(store: HeadsStore): Promise<void> {
    if (this.#isOverflowed) await this.#forgetLost(store);
    for (const writer of [...this.#lost]) {
      await store.forgetWriter(writer);
      this.#lost.delete(writer);
    }
    await this.#writeRemembered(store);
    if (this.isEmpty) this.clearedTicket = this.#ticket;
  }

  /** Nobody knows any more which heads are old, so all are. */
  #overflow(): void {
    this.#overflows += 1;
    this.#isOverflowed = true;
    this.#remembered.clear();
    this.#onOverflow();
  }

  async #forgetLost(store: HeadsStore): Promise<void> {
    const overflows = this.#overflows;
    this.#isForgetting = true;
    try {
      await store.forget();
      if (this.#overflows === overflows) this.#isOverflowed = false;
    } finally {
      this.#isForgetting = false;
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
