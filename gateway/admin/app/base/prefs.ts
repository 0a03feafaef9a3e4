// Language and colors as the pages use and change them.
import { useEffect, useState } from "preact/hooks";
import type { TextKey } from "../text/en.ts";
import { translate, type Values } from "../text/translate.ts";
import { applyPrefs, type Prefs, readPrefs, storePrefs } from "./stored-prefs.ts";

const listeners = new Set<() => void>();
let prefs = readPrefs();

export function currentPrefs(): Prefs {
  return prefs;
}

export function changePrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change };
  storePrefs(prefs);
  applyPrefs(prefs);
  for (const listener of listeners) listener();
}

/** The component that calls it is drawn again when they change. */
export function usePrefs(): Prefs {
  const [, draw] = useState(prefs);
  useEffect(() => {
    const listener = () => draw(prefs);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return prefs;
}

export function t(key: TextKey, values?: Values): string {
  return translate(prefs.language, key, values);
}
