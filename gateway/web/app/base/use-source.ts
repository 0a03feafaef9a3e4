import { useEffect, useReducer } from "preact/hooks";
import type { Source } from "./source.ts";

/** The component that calls it is drawn again at every change of the source. */
export function useSource<T extends Source>(source: T): T {
  const [, draw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => source.subscribe(() => draw(undefined as never)), [source]);
  return source;
}
