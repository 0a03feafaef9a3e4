// Counts tokens by gpt-tokenizer: exactly for OpenAI's models, as an estimate for others. Its time grows with the square of a
// run of letters, and a count holds the thread; so texts are counted in slices, and of very long ones a sample.
import { guessTokens } from "../../actors/llm/chunk.ts";
import type { Tokens } from "../../actors/llm/contract.ts";
import { providerOfModel } from "../../actors/models/providers.ts";

/** UTF-16 units. 256 emoji in a row take 0.2 ms. */
const sliceLength = 256;
/** Of a longer text so many slices are counted, spread evenly, and the rest is taken to be like them. */
const maxSlices = 128;

/** Tokens of a text in other tokenizers, relative to OpenAI's newest: they have smaller vocabularies. */
const factors: Readonly<Record<string, number>> = { anthropic: 1.25, google: 1.1, wenxin: 1.2, doubao: 1.1, qwen: 1.1 };
const usualFactor = 1.1;
const olderEncoding = /^(gpt-4($|-)|gpt-3\.5|text-embedding-)/;

type Count = (text: string) => number;

interface LoadedTokens extends Tokens {
  /** Before it, and while the vocabulary is loaded, counts are guesses by the kind of letters. */
  ready(model: string): Promise<void>;
}

export function createTokens(): LoadedTokens {
  const loaded = new Map<boolean, Count>();
  const loading = new Map<boolean, Promise<void>>();

  async function load(isOlder: boolean): Promise<void> {
    const { countTokens } = isOlder
      ? await import("gpt-tokenizer/encoding/cl100k_base")
      : await import("gpt-tokenizer/encoding/o200k_base");
    const noSpecial = { disallowedSpecial: new Set<string>() };
    loaded.set(isOlder, (text) => countTokens(text, noSpecial));
  }

  function ready(model: string): Promise<void> {
    const isOlder = olderEncoding.test(model);
    const known = loading.get(isOlder) ?? load(isOlder);
    loading.set(isOlder, known);
    return known;
  }

  return {
    ready,
    count(model, text) {
      const count = loaded.get(olderEncoding.test(model)) ?? guessTokens;
      if (count === guessTokens) void ready(model).catch(() => {});
      const provider = providerOfModel(model);
      const tokens = countInSlices(text, count);
      const factor = provider === "openai" ? 1 : (factors[provider ?? ""] ?? usualFactor);
      return Math.ceil(tokens * factor);
    },
  };
}

function countInSlices(text: string, count: Count): number {
  const slices = Math.ceil(text.length / sliceLength);
  if (slices <= maxSlices) {
    let tokens = 0;
    for (let from = 0; from < text.length; ) {
      const to = cutAt(text, from + sliceLength);
      tokens += count(text.slice(from, to));
      from = to;
    }
    return tokens;
  }
  let [tokens, letters] = [0, 0];
  for (let n = 0; n < maxSlices; n += 1) {
    const from = cutAt(text, Math.floor((n * (text.length - sliceLength)) / (maxSlices - 1)));
    const to = cutAt(text, from + sliceLength);
    tokens += count(text.slice(from, to));
    letters += to - from;
  }
  return Math.ceil((tokens * text.length) / letters);
}

/** Before a space near the place, as a word is one token mostly; never within a character. */
function cutAt(text: string, place: number): number {
  if (place >= text.length) return text.length;
  const space = text.lastIndexOf(" ", place);
  if (space > place - sliceLength / 2) return space;
  const isWithin = (text.charCodeAt(place) & 0xfc00) === 0xdc00;
  return isWithin && place > 0 ? place - 1 : place;
}
