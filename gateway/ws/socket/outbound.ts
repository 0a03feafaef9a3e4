/** Whole frames that wait to be written to one socket. */
export class Outbound {
  byteCount = 0;
  /** Most ticks write one frame to a socket: then there is no array. */
  #chunks: Buffer | Buffer[] | undefined = undefined;

  get isEmpty(): boolean {
    return this.#chunks === undefined;
  }

  push(bytes: Buffer): void {
    const chunks = this.#chunks;
    if (chunks === undefined) this.#chunks = bytes;
    else if (Array.isArray(chunks)) chunks.push(bytes);
    else this.#chunks = [chunks, bytes];
    this.byteCount += bytes.length;
  }

  /** Everything that waits, as one buffer. Undefined: nothing waits. */
  take(): Buffer | undefined {
    const chunks = this.#chunks;
    const bytes = Array.isArray(chunks) ? Buffer.concat(chunks, this.byteCount) : chunks;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#chunks = undefined;
    this.byteCount = 0;
  }
}
