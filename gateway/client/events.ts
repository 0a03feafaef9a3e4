/** Typed events: a handler for each, any number of them. */
export class Events<Table extends Record<keyof Table, (...values: never[]) => void>> {
  readonly #handlers = new Map<keyof Table, Set<Table[keyof Table]>>();

  /** Returns the end of the subscription. */
  on<Name extends keyof Table>(name: Name, handler: Table[Name]): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  emit<Name extends keyof Table>(name: Name, ...values: Parameters<Table[Name]>): void {
    for (const handler of this.#handlers.get(name) ?? []) handler(...values);
  }
}
