// Conversation → version, for a device that knows hundreds of conversations and touches few: 12 bytes an entry, where a
// Map of strings takes about a hundred. Keys are 53-bit hashes: two of a thousand meet once in 10¹⁰ tables, and then the
// device is sent something twice or told to sync.

export class VersionTable {
  #keys: Float64Array;
  #versions: Uint32Array;
  #size: number;

  constructor(versions: Readonly<Record<string, number>>) {
    const pairs = Object.entries(versions).map(([id, version]) => ({ key: hash53(id), version }));
    pairs.sort((a, b) => a.key - b.key);
    this.#keys = Float64Array.from(pairs, ({ key }) => key);
    this.#versions = Uint32Array.from(pairs, ({ version }) => version);
    this.#size = pairs.length;
  }

  find(conversationId: string): number | undefined {
    const key = hash53(conversationId);
    const index = this.#indexOf(key);
    return index < this.#size && this.#keys[index] === key ? this.#versions[index] : undefined;
  }

  set(conversationId: string, version: number): void {
    const key = hash53(conversationId);
    const index = this.#indexOf(key);
    if (index === this.#size || this.#keys[index] !== key) this.#insert(index, key);
    this.#versions[index] = version;
  }

  #insert(index: number, key: number): void {
    if (this.#size === this.#keys.length) {
      const keys = new Float64Array(this.#size + growBy);
      const versions = new Uint32Array(this.#size + growBy);
      keys.set(this.#keys);
      versions.set(this.#versions);
      this.#keys = keys;
      this.#versions = versions;
    }
    this.#keys.copyWithin(index + 1, index, this.#size);
    this.#versions.copyWithin(index + 1, index, this.#size);
    this.#keys[index] = key;
    this.#size += 1;
  }

  #indexOf(key: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! >= key) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const growBy = 8;

/** Two FNV-1a hashes with different primes, 32 and 21 bits of them. */
function hash53(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  return (b >>> 11) * 4_294_967_296 + (a >>> 0);
}
