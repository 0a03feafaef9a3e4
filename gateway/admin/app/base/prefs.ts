// Language and colors of the admin pages.
import { createPrefs } from "../../../browser/kit/prefs.ts";
import type { Values } from "../../../browser/kit/translate.ts";
import type { TextKey } from "../text/en.ts";
import { translate } from "../text/translate.ts";
import { storageKey } from "./storage-key.ts";

const prefs = createPrefs(storageKey);

export const currentPrefs = prefs.current;
export const changePrefs = prefs.change;
export const usePrefs = prefs.use;

export function t(key: TextKey, values?: Values): string {
  return translate(currentPrefs().language, key, values);
}
