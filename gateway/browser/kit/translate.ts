// Texts in the language of a page.
import type { Language } from "./language.ts";

export type Values = Readonly<Record<string, string | number>>;
type Texts<Key extends string> = Readonly<Record<Language, Readonly<Record<Key, string>>>>;

/** Fills `{name}` with the value of that name. A key that ends in `.one` is used where `n` is 1. */
export function translate<Key extends string>(
  texts: Texts<Key>,
  language: Language,
  key: Key,
  values: Values = {},
): string {
  const one = `${key}.one`;
  const isOne = values.n === 1 && Object.hasOwn(texts.en, one);
  const text = texts[language][isOne ? (one as Key) : key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
