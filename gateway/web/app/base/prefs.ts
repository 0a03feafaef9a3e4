// Language and colors of the chat.
import { createPrefs } from "../../../browser/kit/prefs.ts";
import { translate, type Values } from "../../../browser/kit/translate.ts";
import { en, type TextKey } from "../text/en.ts";
import { zh } from "../text/zh.ts";
import { storageKey } from "./storage-key.ts";

const prefs = createPrefs(storageKey);

export const currentPrefs = prefs.current;
export const changePrefs = prefs.change;
export const usePrefs = prefs.use;

export function t(key: TextKey, values?: Values): string {
  return translate({ en, zh }, currentPrefs().language, key, values);
}

/** For Intl. */
export function locale(): string {
  return currentPrefs().language === "zh" ? "zh-CN" : "en";
}
