// One tokenizer for every search store: words lower-cased; for Chinese, Japanese and Korean single characters and pairs, so
// that words of one or two characters are found without a dictionary.

/** Distinct terms of one message; what comes after is not found. A text has 5 000 characters at most. */
export const maxTermsPerMessage = 1_000;
export const maxTermsPerQuery = 16;
/** Longer words are cut, in messages and queries alike. */
const maxTermChars = 40;

/** Terms of a message as its row holds them: " a b c ", or "" when there is nothing to find. */
export function searchTerms(text: string): string {
  const terms = new Set<string>();
  for (const run of runsOf(text)) {
    if (terms.size >= maxTermsPerMessage) break;
    if (!run.isIdeographic) {
      terms.add(run.text.slice(0, maxTermChars));
      continue;
    }
    const characters = [...run.text];
    for (let i = 0; i < characters.length && terms.size < maxTermsPerMessage; i += 1) {
      terms.add(characters[i]!);
      if (i + 1 < characters.length) terms.add(characters[i]! + characters[i + 1]!);
    }
  }
  return terms.size === 0 ? "" : ` ${[...terms].join(" ")} `;
}

/** Terms that a message must all hold. Pairs alone for longer runs: they say more than single characters. */
export function queryTerms(text: string): string[] {
  const terms = new Set<string>();
  for (const run of runsOf(text)) {
    const characters = [...run.text];
    if (!run.isIdeographic || characters.length === 1) terms.add(run.text.slice(0, maxTermChars));
    else for (let i = 0; i + 1 < characters.length; i += 1) terms.add(characters[i]! + characters[i + 1]!);
  }
  return [...terms].slice(0, maxTermsPerQuery);
}

interface Run {
  readonly text: string;
  readonly isIdeographic: boolean;
}

const ideographic = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}ー々";
const mixed = new RegExp(`([${ideographic}]+)|(?:(?![${ideographic}])[\\p{L}\\p{N}\\p{M}_])+`, "gu");
const plain = /[a-z0-9_]+/g;

function runsOf(text: string): Run[] {
  // Most messages are ASCII, where the Unicode classes cost ten times as much.
  const isAscii = /^[\0-\x7f]*$/.test(text);
  const normal = isAscii ? text.toLowerCase() : text.normalize("NFKC").toLowerCase();
  if (isAscii) return (normal.match(plain) ?? []).map((word) => ({ text: word, isIdeographic: false }));
  return [...normal.matchAll(mixed)].map(([word, characters]) => ({
    text: word,
    isIdeographic: characters !== undefined,
  }));
}
