// A set that may say "perhaps" wrongly and never "no" wrongly: 16 bits a key, in blocks that grow with the keys, so that a
// quiet conversation costs bytes and a busy one stays within the limit.
import { decodeBase64, encodeBase64 } from "../shared/base64.ts";

/** Together 256 KiB: 131 072 keys a day. More keys only make wrong "perhaps" more frequent. */
const blockBytes = [64, 256, 1_024, 4_096, 16_384, 65_536, 174_784];
const bitsPerKey = 16;
/** With 16 bits a key, 7 probes are wrong once in 1 400. */
const probes = 7;

export class BloomFilter {
  #blocks: { bytes: Uint8Array; count: number; text?: string }[] = [];

  add(hash: number): void {
    let block = this.#blocks.at(-1);
    if (!block || (block.count >= (block.bytes.length * 8) / bitsPerKey && this.#blocks.length < blockBytes.length)) {
      block = { bytes: new Uint8Array(blockBytes[this.#blocks.length]!), count: 0 };
      this.#blocks.push(block);
    }
    const bits = block.bytes.length * 8;
    const step = stepOf(hash);
    let at = hash % bits;
    for (let i = 0; i < probes; i += 1) {
      block.bytes[at >>> 3]! |= 1 << (at & 7);
      at = (at + step) % bits;
    }
    block.count += 1;
    block.text = undefined;
  }

  mayHave(hash: number): boolean {
    const step = stepOf(hash);
    for (const { bytes } of this.#blocks) {
      const bits = bytes.length * 8;
      let at = hash % bits;
      let i = 0;
      while (i < probes && (bytes[at >>> 3]! & (1 << (at & 7))) !== 0) {
        at = (at + step) % bits;
        i += 1;
      }
      if (i === probes) return true;
    }
    return false;
  }

  encode(): [count: number, bytes: string][] {
    // A block that is full never changes again: its text is made once.
    return this.#blocks.map((block) => {
      block.text ??= encodeBase64(block.bytes);
      return [block.count, block.text];
    });
  }

  static decode(blocks: readonly [count: number, bytes: string][]): BloomFilter {
    const filter = new BloomFilter();
    filter.#blocks = blocks.map(([count, text]) => ({ count, bytes: decodeBase64(text), text }));
    return filter;
  }
}

/** Independent of `hash % bits`: the upper bits, odd. */
function stepOf(hash: number): number {
  return Math.floor(hash / 2 ** 22) | 1;
}
