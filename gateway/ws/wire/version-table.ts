// Conversation → version, for a device that knows hundreds of conversations and gets events of few: 16 bytes an entry, where
// a Map of strings takes about a hundred. Keys are 53-bit hashes: of tables with a thousand keys one in 10¹⁰ has two equal
// ones, and then the device gets a frame twice or is asked to sync.

export class VersionTable {
  /** key, version, key, version … ascending by key. */
  #pairs: Float64Array;
  #size: number;

  constructor(versions: Readonly<Record<string, number>>) {
    const ids = Object.keys(versions);
    const entries = ids.map((id) => ({ key: hash53(id), version: versions[id] ?? 0 }));
    entries.sort((a, b) => a.key - b.key);
    this.#pairs = Float64Array.from(entries.flatMap(({ key, version }) => [key, version]));
    this.#size = entries.length;
  }

  find(conversationId: string): number | undefined {
    const key = hash53(conversationId);
    const place = 2 * this.#indexOf(key);
    return place < 2 * this.#size && this.#pairs[place] === key ? this.#pairs[place + 1] : undefined;
  }

  #indexOf(key: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#pairs[2 * middle]! >= key) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Undefined for a device that holds nothing. */
export function versionTable(versions: Readonly<Record<string, number>>): VersionTable | undefined {
  for (const _ in versions) return new VersionTable(versions);
  return undefined;
}

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
