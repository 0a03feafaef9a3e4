// One tokenizer for every search store. Scripts that put spaces between words give words, in lower case. Scripts that do
// not (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese and others) give single characters and pairs of characters, so
// that a word inside a run of text is found without a dictionary. A sign (%, +, an emoji) is a term of its own.
import { cutText } from "./cut-text.ts";

/** Distinct terms of one message; later terms are not found. 5 000 characters (the longest text) have at most 10 000. */
const maxTermsPerMessage = 10_000;
/** Further terms of a query do not narrow the search. */
const maxTermsPerQuery = 16;
/** In UTF-16 units. Longer words are cut, in messages and in queries alike. */
const maxTermUnits = 40;

/** Terms of a message as its row holds them: " a b c ", or "" when nothing can be found. */
export function searchTerms(text: string): string {
  const terms = new Set<string>();
  for (const run of runsOf(text)) {
    if (terms.size >= maxTermsPerMessage) break;
    if (run.kind === "word") {
      terms.add(run.text);
      if (run.text.includes("_")) for (const part of partsOf(run.text)) terms.add(part);
      continue;
    }
    const characters = [...run.text];
    if (run.kind === "sign") {
      for (const sign of characters) terms.add(sign);
      continue;
    }
    for (let i = 0; i < characters.length && terms.size < maxTermsPerMessage; i += 1) {
      terms.add(characters[i]!);
      if (i + 1 < characters.length) terms.add(characters[i]! + characters[i + 1]!);
    }
  }
  if (terms.size === 0) return "";
  let joined = " ";
  for (const term of terms) joined += `${term} `;
  return joined;
}

/** Terms that a matching message must all hold. A longer run gives pairs only: they are rarer than single characters. */
export function queryTerms(text: string): string[] {
  const terms = new Set<string>();
  const runs = runsOf(text);
  const hasWords = runs.some(({ kind }) => kind !== "sign");
  for (const run of runs) {
    if (run.kind === "sign") {
      // A sentence is found without its punctuation; a query of nothing else asks for it.
      for (const sign of run.text) if (!hasWords || !punctuation.has(sign)) terms.add(sign);
      continue;
    }
    const characters = run.kind === "word" ? [run.text] : [...run.text];
    if (characters.length === 1) terms.add(characters[0]!);
    else for (let i = 0; i + 1 < characters.length; i += 1) terms.add(characters[i]! + characters[i + 1]!);
  }
  return [...terms].slice(0, maxTermsPerQuery);
}

/** Whether a text that holds all terms of a query holds these pieces of it, too. */
export function holdsPieces(text: string, pieces: readonly string[]): boolean {
  if (pieces.length === 0) return true;
  const normal = normalize(text);
  return pieces.every((piece) => normal.includes(piece));
}

/**
 * Parts of a query that a matching text holds whole: a run without spaces, and what is written together with a sign. The terms
 * alone may stand anywhere.
 */
export function wholePieces(query: string): string[] {
  const runs = runsOf(query);
  const hasWords = runs.some(({ kind }) => kind !== "sign");
  const pieces = runs.filter(({ kind, text }) => kind === "unspaced" && text.length > 2).map(({ text }) => text);
  for (const written of normalize(query).split(/\s+/)) {
    const characters = [...written];
    if (hasWords && !characters.some((each) => isSign(each) && !punctuation.has(each))) continue;
    const isEdge = (each: string) => hasWords && punctuation.has(each);
    while (characters.length > 0 && isEdge(characters[0]!)) characters.shift();
    while (characters.length > 0 && isEdge(characters.at(-1)!)) characters.pop();
    if (characters.length > 0) pieces.push(characters.join(""));
  }
  return pieces;
}

function isSign(character: string): boolean {
  return kindOf(character.codePointAt(0)!) === "sign";
}

/** `user_100` is one word, and is found by "user", "100" and "_", too. */
function partsOf(word: string): string[] {
  return [...word.split("_").filter((part) => part !== ""), "_"];
}

/** Signs that belong to sentences, after normalization. */
const punctuation: ReadonlySet<string> = new Set(".,!?;:'\"()-。、「」『』·‘’“”—–¿¡");

/** A word, a stretch of a script without spaces between words, or a stretch of signs. */
interface Run {
  kind: "word" | "unspaced" | "sign";
  text: string;
}

function normalize(text: string): string {
  return (hasWide(text) ? text.normalize("NFKC") : text).toLowerCase();
}

function runsOf(text: string): Run[] {
  const normal = normalize(text);
  const runs: Run[] = [];
  let kind: Run["kind"] | undefined;
  let from = 0;
  for (let i = 0; i <= normal.length; ) {
    const code = normal.codePointAt(i);
    const next = code === undefined ? undefined : kindOf(code);
    if (next !== kind) {
      if (kind === "word") runs.push({ kind, text: cutText(normal.slice(from, i), maxTermUnits) });
      else if (kind !== undefined) runs.push({ kind, text: normal.slice(from, i) });
      kind = next;
      from = i;
    }
    i += code !== undefined && code > 0xffff ? 2 : 1;
  }
  return runs;
}

/** Undefined: no part of any term. */
function kindOf(code: number): Run["kind"] | undefined {
  if (code < 128) return asciiKinds[code];
  if (code >= firstUnspaced) {
    if (isCommonUnspaced(code)) return "unspaced";
    if (unspacedScripts.test(String.fromCodePoint(code))) return "unspaced";
  }
  const character = String.fromCodePoint(code);
  if (letters.test(character)) return "word";
  return signs.test(character) ? "sign" : undefined;
}

const letters = /^[\p{L}\p{N}\p{M}]$/u;
const signs = /^[\p{P}\p{S}]$/u;
const asciiKinds = Array.from({ length: 128 }, (_, code): Run["kind"] | undefined => {
  const character = String.fromCharCode(code);
  if (/[a-z0-9_]/.test(character)) return "word";
  return signs.test(character) ? "sign" : undefined;
});

/** Thai begins here: no script below lacks spaces. */
const firstUnspaced = 0x0e00;
/** Letters, marks and digits of scripts without spaces between words. Korean has spaces, but joins particles to words. */
const unspacedScripts =
  /^(?=[\p{L}\p{N}\p{M}])[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Hang}\p{sc=Bopo}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tale}\p{sc=Talu}\p{sc=Lana}\p{sc=Tavt}\p{sc=Java}\p{sc=Bali}\p{sc=Yiii}]$/u;

/** Han and Hangul syllables: most of what the expression would find, found faster. */
function isCommonUnspaced(code: number): boolean {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7a3);
}

function hasWide(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return true;
  return false;
}
