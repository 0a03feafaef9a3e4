export type Language = "en" | "zh";

/** Of the languages that a browser asks for, in its order. */
export function chooseLanguage(asked: readonly string[]): Language {
  const known = asked.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "en" || tag === "zh");
  return (known as Language | undefined) ?? "en";
}
