/**
 * Runs the work of one client in order by key: work begins when all earlier work with one of its keys is done, and does not
 * wait for other work. How much waits is bounded by the rate limits of the frames that use it.
 */
export class InOrder {
  /** The last work of each key; it never rejects. */
  #last = new Map<string, Promise<void>>();

  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const earlier = keys.flatMap((key) => this.#last.get(key) ?? []);
    const running = earlier.length === 0 ? work() : Promise.all(earlier).then(work);
    const done = running.then(nothing, nothing);
    for (const key of keys) this.#last.set(key, done);
    try {
      return await running;
    } finally {
      for (const key of keys) if (this.#last.get(key) === done) this.#last.delete(key);
    }
  }
}

function nothing(): void {}
