// Prices in whole pico-dollars: each class of tokens once, nothing rounded.
import test from "ava";
import { dollarsOf } from "../../actors/account/money.ts";
import { affordableOutput, costOf, largestCost, type Price } from "../../actors/account/price.ts";
import { tokensOf, type Usage } from "../../actors/llm/usage.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

/** Dollars per million tokens, as price lists have them, with six decimals at most. */
const perMillion = (input: number, output: number, more: Partial<Price> = {}): Price => ({
  name: "test",
  input: Math.round(input * 1e6),
  cachedInput: Math.round((input / 10) * 1e6),
  cacheWrite: Math.round(input * 1.25 * 1e6),
  output: Math.round(output * 1e6),
  ...more,
});

test("10 000 calls of 123 and 78 tokens cost exactly what the decimals say", (t) => {
  const price = perMillion(1.5, 2);
  let sum = 0n;
  for (let i = 0; i < 10_000; i += 1) sum += BigInt(costOf({ inputTokens: 123, outputTokens: 78 }, price));
  // 10 000 × (123 × 0.0015 + 78 × 0.002) / 1 000 dollars.
  t.is(dollarsOf(sum), "3.405000");
});

test("tiny calls are not stored as nothing, and their sum is exact", (t) => {
  const price = perMillion(0.05, 0.05);
  const one = costOf({ inputTokens: 1, outputTokens: 0 }, price);
  t.is(one, 50_000);
  t.is(dollarsOf(BigInt(one) * 100_000n), "0.005000");
  t.is(dollarsOf(one), "0.000000", "six decimals are a view, not the record");
});

test("cached tokens, cache writes and audio are charged once, at their own rates", (t) => {
  const price = perMillion(1, 4, { audioInput: 40_000_000, audioOutput: 80_000_000 });
  t.is(costOf({ inputTokens: 9, cachedInputTokens: 17_102, outputTokens: 0 }, price), 9 * 1e6 + 17_102 * 1e5);
  t.is(costOf({ inputTokens: 0, cacheWriteTokens: 1_000, outputTokens: 0 }, price), 1_250 * 1e6);
  t.is(costOf({ inputTokens: 1, audioInputTokens: 2, outputTokens: 3, audioOutputTokens: 4 }, price), 413e6);
  t.is(
    costOf({ inputTokens: 0, outputTokens: 1_000, reasoningTokens: 900 }, price),
    4_000 * 1e6,
    "reasoning is output",
  );
});

test("audio without a rate of its own costs as text, and what has no price costs nothing", (t) => {
  const usage = { inputTokens: 0, audioInputTokens: 5, outputTokens: 0, audioOutputTokens: 7 };
  t.is(costOf(usage, perMillion(1, 2)), 19e6);
  t.is(costOf(usage, undefined), 0);
  t.is(largestCost(usage, undefined), 0);
});

test("a long prompt is charged by its tier, all of it", (t) => {
  const rates = { input: 2e6, cachedInput: 5e5, cacheWrite: 2e6, output: 6e6 };
  const price = perMillion(1, 3, { tiers: [{ above: 200_000, ...rates }] });
  t.is(costOf({ inputTokens: 200_000, outputTokens: 1 }, price), 200_000 * 1e6 + 3e6);
  t.is(
    costOf({ inputTokens: 150_000, cachedInputTokens: 50_001, outputTokens: 1 }, price),
    150_000 * 2e6 + 50_001 * 5e5 + 6e6,
  );
});

test("images are charged by the piece", (t) => {
  const price = perMillion(5, 0, { image: 40_000_000_000 });
  t.is(dollarsOf(costOf({ inputTokens: 1_000, outputTokens: 0, images: 3 }, price)), "0.125000");
});

test("whatever comes of a request costs at most what is held for it", (t) => {
  const { below } = createSeededRandom(7);
  for (let i = 0; i < 20_000; i += 1) {
    const price = perMillion(below(1e6) / 1e6, below(3e6) / 1e6, below(2) ? { audioInput: below(1e7) } : {});
    const most: Usage = { inputTokens: below(1_000), outputTokens: below(1_000) };
    const cached = below(most.inputTokens + 1);
    const written = below(most.inputTokens - cached + 1);
    const real: Usage = {
      inputTokens: most.inputTokens - cached - written,
      ...{ cachedInputTokens: cached, cacheWriteTokens: written },
      outputTokens: below(most.outputTokens + 1),
    };
    t.true(costOf(real, price) <= largestCost(most, price));
    const amount = below(2e9);
    const answer = affordableOutput(most, price, amount);
    if (answer >= 0) t.true(largestCost({ ...most, outputTokens: Math.min(answer, 1e6) }, price) <= amount);
  }
});

test("tokens of all classes are counted once", (t) => {
  t.is(tokensOf({ inputTokens: 1, cachedInputTokens: 2, outputTokens: 4, reasoningTokens: 4 }), 7);
});

test("dollars are shown with six decimals, half up", (t) => {
  const shown = [0, 499_999, 500_000, 1_234_567_890_123, 12n ** 20n].map(dollarsOf);
  t.deepEqual(shown, ["0.000000", "0.000000", "0.000001", "1.234568", "3833759992.447475"]);
});
