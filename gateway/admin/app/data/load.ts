// Loads what a page shows, and keeps the last answer on the page while the next one is on its way.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api.ts";

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  isLoading: boolean;
  /** When `data` came. */
  atMs: number;
  reload(): Promise<void>;
}

/** Loads again when an input changes and, while the page is seen, every `everyMs`. */
export function useLoad<T>(load: () => Promise<T>, inputs: readonly unknown[], everyMs?: number): Loaded<T> {
  type State = Pick<Loaded<T>, "data" | "error" | "isLoading" | "atMs">;
  const [state, setState] = useState<State>({ data: undefined, error: undefined, isLoading: true, atMs: 0 });
  const turn = useRef(0);
  const reload = useCallback(async () => {
    turn.current += 1;
    const mine = turn.current;
    setState((known) => ({ ...known, isLoading: true }));
    const change = await load().then(
      (data): Partial<State> => ({ data, error: undefined, atMs: Date.now() }),
      (error: unknown): Partial<State> => ({ error: error instanceof ApiError ? error : new ApiError(500) }),
    );
    // An answer to an older question comes too late.
    if (mine === turn.current) setState((known) => ({ ...known, ...change, isLoading: false }));
  }, inputs);
  useEffect(() => {
    void reload();
    return () => {
      turn.current += 1;
    };
  }, [reload]);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [reload, everyMs]);
  return { ...state, reload };
}
