// Language and colors as the components of an app use and change them.
import { useEffect, useState } from "preact/hooks";
import { applyPrefs, type Prefs, readPrefs, storePrefs } from "./stored-prefs.ts";

export function createPrefs(storageKey: string) {
  const listeners = new Set<() => void>();
  let prefs = readPrefs(storageKey);
  return {
    current: (): Prefs => prefs,

    change(change: Partial<Prefs>): void {
      prefs = { ...prefs, ...change };
      storePrefs(storageKey, prefs);
      applyPrefs(prefs);
      for (const listener of listeners) listener();
    },

    /** The component that calls it is drawn again when they change. */
    use(): Prefs {
      const [, draw] = useState(prefs);
      useEffect(() => {
        const listener = () => draw(prefs);
        listeners.add(listener);
        return () => void listeners.delete(listener);
      }, []);
      return prefs;
    },
  };
}
