// Unread messages and mentions of one conversation, counted as the server counts them (gateway/PROTOCOL.md, "Catching up"):
// messages above the mark, without those that are gone for this user. The server's count is taken as it is, because a device
// need not hold every message above the mark; between two answers of the server each event moves the count.

export class Unread {
  /** Messages up to here are read, or cleared. */
  #seenSeq = 0;
  #count = 0;
  /** Seqs above the mark that do not count. */
  readonly #uncounted = new Set<number>();
  readonly #mentioned = new Set<number>();
  readonly #maxUncounted: number;

  constructor(maxUncounted: number) {
    this.#maxUncounted = maxUncounted;
  }

  get count(): number {
    return this.#count;
  }

  get mentionCount(): number {
    let count = 0;
    for (const seq of this.#mentioned) if (!this.#uncounted.has(seq)) count += 1;
    return count;
  }

  /** The server's count. What it leaves out was named to `leaveOut` before. */
  answer(count: number): void {
    this.#count = count;
  }

  /** A message that was not seen before. */
  arrive(seq: number): void {
    if (seq > this.#seenSeq && !this.#uncounted.has(seq)) this.#count += 1;
  }

  /** A message does not count from now on, if it did. `isSeen`: it was counted when it arrived, or by the server. */
  leaveOut(seq: number, isSeen: boolean): void {
    if (seq <= this.#seenSeq || this.#uncounted.has(seq)) return;
    this.#uncounted.add(seq);
    if (isSeen) this.#count = Math.max(0, this.#count - 1);
    const [oldest] = this.#uncounted;
    if (this.#uncounted.size > this.#maxUncounted) this.#uncounted.delete(oldest!);
  }

  mention(seq: number): void {
    if (seq > this.#seenSeq) this.#mentioned.add(seq);
  }

  /** The mark moves; `lastSeq` is the newest message's. */
  see(seq: number, lastSeq: number): void {
    if (seq <= this.#seenSeq) return;
    this.#seenSeq = seq;
    for (const seqs of [this.#uncounted, this.#mentioned]) for (const each of seqs) if (each <= seq) seqs.delete(each);
    let above = Math.max(0, lastSeq - seq);
    for (const each of this.#uncounted) if (each <= lastSeq) above -= 1;
    this.#count = Math.min(this.#count, above);
  }
}
