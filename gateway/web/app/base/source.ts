// A value that components are drawn from, and drawn again when it changes.
import { useEffect, useReducer } from "preact/hooks";

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

/** The component that calls it is drawn again at every change of the source. */
export function useSource<T extends Source>(source: T): T {
  const [, draw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => source.subscribe(() => draw(undefined as never)), [source]);
  return source;
}
