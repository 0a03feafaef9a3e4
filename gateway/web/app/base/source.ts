/** A value that components are drawn from, and drawn again when it changes. */
export class Source {
  readonly #listeners = new Set<() => void>();

  /** Returns the end of the subscription. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
