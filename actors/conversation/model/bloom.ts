// A Bloom filter in blocks that grow with the number of keys: a quiet conversation costs bytes, and a busy one stays within
// the limit. It answers "perhaps" wrongly now and then, and "no" never wrongly.
import { decodeBase64, encodeBase64 } from "../../shared/base64.ts";

/** Together 256 KiB, for 124 000 keys a day. With more keys a wrong "perhaps" is more frequent. */
const blockBytes = [64, 512, 4_096, 32_768, 224_704];
/** A full block of 24 bits a key is wrong once in 60 000, one of 16 bits once in 1 700; there are up to 40 in 8 days. */
const bitsPerKey = [24, 24, 24, 24, 16];
/** The last block may take too many keys, and then fewer probes give fewer wrong answers. */
const probesOf = [11, 11, 11, 11, 8];

export class BloomFilter {
  #blocks: { bytes: Uint8Array; count: number; text?: string }[] = [];

  add(hash: number): void {
    const block = this.#open();
    const probes = probesOf[this.#blocks.length - 1]!;
    const bits = block.bytes.length * 8;
    let place = hash >>> 0;
    for (let i = 0; i < probes; i += 1) {
      place = nextPlace(place, hash);
      const at = place % bits;
      block.bytes[at >>> 3]! |= 1 << (at & 7);
    }
    block.count += 1;
    block.text = undefined;
  }

  #open(): { bytes: Uint8Array; count: number; text?: string } {
    const last = this.#blocks.length - 1;
    const block = this.#blocks[last];
    if (block && (last + 1 === blockBytes.length || block.count * bitsPerKey[last]! < block.bytes.length * 8))
      return block;
    const opened = { bytes: new Uint8Array(blockBytes[last + 1]!), count: 0 };
    this.#blocks.push(opened);
    return opened;
  }

  mayHave(hash: number): boolean {
    return this.#blocks.some(({ bytes }, i) => isIn(bytes, hash, probesOf[i]!));
  }

  encode(): [count: number, bytes: string][] {
    // A full block never changes again, so its text is made once.
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

function isIn(bytes: Uint8Array, hash: number, probes: number): boolean {
  const bits = bytes.length * 8;
  let place = hash >>> 0;
  for (let i = 0; i < probes; i += 1) {
    place = nextPlace(place, hash);
    const at = place % bits;
    if ((bytes[at >>> 3]! & (1 << (at & 7))) === 0) return false;
  }
  return true;
}

/** Bit positions are made of the whole hash: in a small block the usual double hashing gives too many equal positions. */
function nextPlace(place: number, hash: number): number {
  const mixed = Math.imul(place ^ (place >>> 15), 0x2c1b3c6d) + Math.floor(hash / 4_294_967_296);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
