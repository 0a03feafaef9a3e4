/**
 * Whole frames that wait to be written to one socket, in two lanes: urgent frames (calls, logouts) overtake the others, and
 * in each lane the order is kept.
 */
export class Outbound {
  byteCount = 0;
  /** Most ticks write one frame to a socket: then there is no array. */
  #chunks: Buffer | Buffer[] | undefined = undefined;
  #urgent: Buffer[] | undefined = undefined;

  get isEmpty(): boolean {
    return this.byteCount === 0;
  }

  push(bytes: Buffer): void {
    const chunks = this.#chunks;
    if (chunks === undefined) this.#chunks = bytes;
    else if (Array.isArray(chunks)) chunks.push(bytes);
    else this.#chunks = [chunks, bytes];
    this.byteCount += bytes.length;
  }

  pushUrgent(bytes: Buffer): void {
    this.#urgent ??= [];
    this.#urgent.push(bytes);
    this.byteCount += bytes.length;
  }

  /** What is to be written next, as one buffer of at most `maxBytes`, or of one chunk. Undefined: nothing waits. */
  take(maxBytes: number): Buffer | undefined {
    if (this.#urgent !== undefined) {
      const bytes = Buffer.concat(this.#urgent);
      this.#urgent = undefined;
      this.byteCount -= bytes.length;
      return bytes;
    }
    const chunks = this.#chunks;
    if (Array.isArray(chunks) && this.byteCount > maxBytes) return this.#takeSome(chunks, maxBytes);
    const bytes = Array.isArray(chunks) ? Buffer.concat(chunks, this.byteCount) : chunks;
    this.#chunks = undefined;
    this.byteCount = 0;
    return bytes;
  }

  #takeSome(chunks: Buffer[], maxBytes: number): Buffer {
    let count = 0;
    for (let bytes = 0; count < chunks.length; count += 1) {
      bytes += chunks[count]?.length ?? 0;
      if (bytes > maxBytes && count > 0) break;
    }
    const taken = Buffer.concat(chunks.splice(0, count));
    this.byteCount -= taken.length;
    return taken;
  }

  clear(): void {
    this.#chunks = undefined;
    this.#urgent = undefined;
    this.byteCount = 0;
  }
}
