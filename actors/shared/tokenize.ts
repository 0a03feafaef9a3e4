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
    if (!isIdeographic(run.charCodeAt(0))) {
      terms.add(run);
      continue;
    }
    for (let i = 0; i < run.length && terms.size < maxTermsPerMessage; i += 1) {
      terms.add(run[i]!);
      if (i + 1 < run.length) terms.add(run.slice(i, i + 2));
    }
  }
  if (terms.size === 0) return "";
  let joined = " ";
  for (const term of terms) joined += `${term} `;
  return joined;
}

/** Terms that a message must all hold. Pairs alone for longer runs: they say more than single characters. */
export function queryTerms(text: string): string[] {
  const terms = new Set<string>();
  for (const run of runsOf(text)) {
    if (run.length === 1 || !isIdeographic(run.charCodeAt(0))) terms.add(run);
    else for (let i = 0; i + 1 < run.length; i += 1) terms.add(run.slice(i, i + 2));
  }
  return [...terms].slice(0, maxTermsPerQuery);
}

/** Words, cut, and runs of ideographic characters, in order. */
function runsOf(text: string): string[] {
  const normal = (hasWide(text) ? text.normalize("NFKC") : text).toLowerCase();
  const runs: string[] = [];
  let from = 0;
  let kind = none;
  for (let i = 0; i <= normal.length; i += 1) {
    const next = i < normal.length ? kindAt(normal, i) : none;
    if (next === kind) continue;
    if (kind !== none)
      runs.push(kind === word ? normal.slice(from, Math.min(i, from + maxTermChars)) : normal.slice(from, i));
    kind = next;
    from = i;
  }
  return runs;
}

const none = 0;
const word = 1;
const ideographs = 2;

function kindAt(text: string, i: number): number {
  const code = text.charCodeAt(i);
  if (code < 128) return asciiKinds[code]!;
  if (isIdeographic(code)) return ideographs;
  // Halves of a character beyond 16 bits: a letter there belongs to a word, rare ideographs too.
  if (code >= 0xd800 && code < 0xe000) {
    const low = code < 0xdc00 ? i : i - 1;
    return letters.test(String.fromCodePoint(text.codePointAt(low) ?? 0)) ? word : none;
  }
  return letters.test(text[i]!) ? word : none;
}

const letters = /^[\p{L}\p{N}\p{M}]$/u;
const asciiKinds = Uint8Array.from({ length: 128 }, (_, code) =>
  /[a-z0-9_]/.test(String.fromCharCode(code)) ? word : none,
);

/** Han, kana and Hangul of 16 bits: what is written without spaces. */
function isIdeographic(code: number): boolean {
  if (code < 0x1100) return false;
  return (
    (code >= 0x3400 && code <= 0x9fff) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0x3041 && code <= 0x30ff && code !== 0x30fb) ||
    code === 0x3005 ||
    (code >= 0xf900 && code <= 0xfaff) ||
    code <= 0x11ff
  );
}

function hasWide(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return true;
  return false;
}
