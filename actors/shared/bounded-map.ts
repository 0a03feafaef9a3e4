/**
 * A map of at most `maxEntries` entries: adding one more drops the oldest. An entry's age counts from when its key was
 * added; setting a known key changes the value and keeps the age, `renew` makes the entry the youngest.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #maxEntries: number;

  /** Oldest entry first. */
  constructor(maxEntries: number, entries: Iterable<readonly [K, V]> = []) {
    super();
    this.#maxEntries = maxEntries;
    for (const [key, value] of entries) this.set(key, value);
  }

  override set(key: K, value: V): this {
    super.set(key, value);
    if (this.size > this.#maxEntries) {
      const [oldest] = this.keys();
      this.delete(oldest!);
    }
    return this;
  }

  renew(key: K, value: V): this {
    this.delete(key);
    return this.set(key, value);
  }
}
