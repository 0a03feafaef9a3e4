import type { Language } from "../../../browser/kit/language.ts";
import { translate as translateOf, type Values } from "../../../browser/kit/translate.ts";
import { en, type TextKey } from "./en.ts";
import { zh } from "./zh.ts";

export function translate(language: Language, key: TextKey, values?: Values): string {
  return translateOf({ en, zh }, language, key, values);
}
