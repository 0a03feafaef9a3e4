// The built-in list of prices (@pydantic/genai-prices) in the ledger's form: pico-dollars per token of each class, with tiers for
// long prompts.
import type { ModelInfo, ModelPrice, Provider, TieredPrices } from "@pydantic/genai-prices";
import type { Price, Rates } from "../../../actors/account/price.ts";
import { picoPerToken } from "./own-prices.ts";

interface PricedModel {
  price?: Price;
  contextTokens?: number;
}

export interface PriceList {
  /** At a time: some prices change on a day, or hold at an hour only. Undefined: the list does not know the model. */
  find(question: { provider: string; baseUrl: string; model: string; atMs: number }): PricedModel | undefined;
}

/** The package's data takes 30 ms to load, so it is loaded when first asked for. */
export async function loadPriceList(): Promise<PriceList> {
  const { calcPrice, findProvider } = await import("@pydantic/genai-prices");
  return {
    find({ provider, baseUrl, model, atMs }) {
      const timestamp = new Date(atMs);
      const named = findProvider({ providerId: provider }) ?? findProvider({ providerApiUrl: baseUrl });
      // A relay of models has its own address, and the names of the models' makers.
      for (const list of [named, undefined] as const) {
        const found = calcPrice({}, model, list ? { provider: list, timestamp } : { timestamp });
        if (found) return pricedModel(found.model, found.model_price, found.provider);
      }
      return undefined;
    },
  };
}

function pricedModel({ id, context_window: contextTokens }: ModelInfo, prices: ModelPrice, { id: by }: Provider) {
  const price = priceOf(`${by}/${id}`, prices);
  return { ...(price && { price }), ...(contextTokens !== undefined && { contextTokens }) };
}

/** Undefined: the model is paid for in another unit than tokens, by the hour for example. */
export function priceOf(name: string, prices: ModelPrice): Price | undefined {
  if (prices.input_mtok === undefined && prices.output_mtok === undefined) return undefined;
  const starts = new Set(
    Object.values(prices)
      .flatMap((rate) => (isTiered(rate) ? rate.tiers : []))
      .map(({ start }) => start),
  );
  const tiers = [...starts].sort((a, b) => a - b).map((above) => ({ above, ...ratesAt(prices, above) }));
  return { name, ...ratesAt(prices, undefined), ...(tiers.length > 0 && { tiers }) };
}

function ratesAt(prices: ModelPrice, above: number | undefined): Rates {
  const rate = (field: string) => {
    const given = prices[field];
    return given === undefined ? undefined : picoPerToken(rateAt(given, above));
  };
  const input = rate("input_mtok") ?? 0;
  const [audioInput, audioOutput] = [rate("input_audio_mtok"), rate("output_audio_mtok")];
  return {
    input,
    // A class without a price of its own costs what it replaces.
    cachedInput: rate("cache_read_mtok") ?? input,
    cacheWrite: rate("cache_write_mtok") ?? input,
    output: rate("output_mtok") ?? 0,
    ...(audioInput !== undefined && { audioInput }),
    ...(audioOutput !== undefined && { audioOutput }),
  };
}

function rateAt(rate: number | TieredPrices, above: number | undefined): number {
  if (!isTiered(rate)) return rate;
  const reached = above === undefined ? [] : rate.tiers.filter(({ start }) => start <= above);
  return reached.reduce((best, tier) => (tier.start >= best.start ? tier : best), { start: -1, price: rate.base })
    .price;
}

function isTiered(rate: number | TieredPrices | undefined): rate is TieredPrices {
  return typeof rate === "object";
}
