// Prices that an operator sets (LLM_PRICES): dollars per million tokens in JSON become pico-dollars per token.

import type { Rates } from "../../../actors/account/price.ts";

export type OwnPrices = Readonly<Record<string, Rates>>;

const fields = ["input", "cachedInput", "cacheWrite", "output", "image"] as const;

/** Throws for a text that is no price list; the error names the entry. */
export function parseOwnPrices(text: string): OwnPrices {
  const list: unknown = JSON.parse(text);
  if (!isObject(list)) throw new Error("a price list is an object of models");
  return Object.fromEntries(Object.entries(list).map(([model, price]) => [model, parsePrice(model, price)]));
}

/** Dollars per million tokens → pico-dollars per token. A picture's price is in dollars each. */
export function picoPerToken(dollarsPerMillion: number): number {
  return Math.round(dollarsPerMillion * 1e6);
}

function parsePrice(model: string, given: unknown): Rates {
  if (!isObject(given)) throw new Error(`the price of ${model} is no object`);
  const unknown = Object.keys(given).find((field) => !(fields as readonly string[]).includes(field));
  if (unknown !== undefined) throw new Error(`the price of ${model} has the unknown field ${unknown}`);
  const rate = (field: (typeof fields)[number], fallback: number) => {
    const value = given[field] ?? fallback;
    const isPlain = typeof value === "number" && value >= 0 && value <= 1e6;
    if (!isPlain || Math.abs(value * 1e6 - Math.round(value * 1e6)) > 1e-3) {
      throw new Error(`${field} of ${model} is no number from 0 to 1000000 with at most six decimals`);
    }
    return value;
  };
  if (given.input === undefined && given.image === undefined) throw new Error(`the price of ${model} has no input`);
  const input = rate("input", 0);
  return {
    input: picoPerToken(input),
    cachedInput: picoPerToken(rate("cachedInput", input)),
    cacheWrite: picoPerToken(rate("cacheWrite", input)),
    output: picoPerToken(rate("output", 0)),
    ...(given.image !== undefined && { image: Math.round(rate("image", 0) * 1e12) }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
