// Texts in the language of the page.
import { en, type TextKey } from "./en.ts";
import type { Language } from "./language.ts";
import { zh } from "./zh.ts";

const texts: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, zh };

export type Values = Readonly<Record<string, string | number>>;

/** Fills `{name}` with the value of that name. */
export function translate(language: Language, key: TextKey, values: Values = {}): string {
  const one = `${key}.one`;
  const isOne = values.n === 1 && Object.hasOwn(texts.en, one);
  const text = texts[language][isOne ? (one as TextKey) : key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
