// What a request costs: integers only, each class of tokens charged once.
import { answerTokensOf, promptTokensOf, type Usage } from "../llm/usage.ts";

/** 1e-12 dollars. A safe integer holds 9 000 dollars of one request. */
export type PicoDollars = number;

/** Pico-dollars per token of each class, per picture for `image`. */
export interface Rates {
  input: PicoDollars;
  cachedInput: PicoDollars;
  cacheWrite: PicoDollars;
  output: PicoDollars;
  /** Absent: as text. */
  audioInput?: PicoDollars;
  audioOutput?: PicoDollars;
  image?: PicoDollars;
}

export interface Price extends Rates {
  name: string;
  /** Rates of long prompts: the tier with the highest `above` that the prompt exceeds holds for all tokens. */
  tiers?: readonly (Rates & { above: number })[];
}

export function costOf(usage: Usage, price: Price | undefined): PicoDollars {
  if (!price) return 0;
  const rates = ratesFor(price, promptTokensOf(usage));
  return (
    usage.inputTokens * rates.input +
    (usage.cachedInputTokens ?? 0) * rates.cachedInput +
    (usage.cacheWriteTokens ?? 0) * rates.cacheWrite +
    (usage.audioInputTokens ?? 0) * (rates.audioInput ?? rates.input) +
    usage.outputTokens * rates.output +
    (usage.audioOutputTokens ?? 0) * (rates.audioOutput ?? rates.output) +
    (usage.images ?? 0) * (rates.image ?? 0)
  );
}

/** The most that `most` can cost, in whatever classes its tokens turn out to be. */
export function largestCost(most: Usage, price: Price | undefined): PicoDollars {
  if (!price) return 0;
  const prompt = promptTokensOf(most);
  const { input, output } = dearest(price, prompt);
  return prompt * input + answerTokensOf(most) * output + (most.images ?? 0) * (price.image ?? 0);
}

/** The longest answer that fits into `amount` beside the prompt of `most`; negative: not even the prompt fits. */
export function affordableOutput(most: Usage, price: Price | undefined, amount: PicoDollars): number {
  if (!price) return answerTokensOf(most);
  const left = amount - largestCost({ ...most, outputTokens: 0, audioOutputTokens: 0 }, price);
  if (left < 0) return -1;
  const { output } = dearest(price, promptTokensOf(most));
  return output === 0 ? answerTokensOf(most) : Math.floor(left / output);
}

/** Of several prices, any of which may turn out to hold. */
export function largestCostOfAny(most: Usage, prices: readonly Price[]): PicoDollars {
  return Math.max(0, ...prices.map((price) => largestCost(most, price)));
}

export function affordableOutputOfAny(most: Usage, prices: readonly Price[], amount: PicoDollars): number {
  return Math.min(answerTokensOf(most), ...prices.map((price) => affordableOutput(most, price, amount)));
}

function ratesFor(price: Price, promptTokens: number): Rates {
  let rates: Rates & { above?: number } = price;
  for (const tier of price.tiers ?? []) {
    if (promptTokens > tier.above && tier.above >= (rates.above ?? 0)) rates = tier;
  }
  return rates;
}

function dearest(price: Price, promptTokens: number): { input: PicoDollars; output: PicoDollars } {
  const rates = ratesFor(price, promptTokens);
  return {
    input: Math.max(rates.input, rates.cachedInput, rates.cacheWrite, rates.audioInput ?? 0),
    output: Math.max(rates.output, rates.audioOutput ?? 0),
  };
}
