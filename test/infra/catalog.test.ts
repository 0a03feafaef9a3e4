// Prices of the built-in list in the ledger's arithmetic, and what the list of models says.
import test, { type ExecutionContext } from "ava";
import { Agent } from "undici";
import { costOf } from "../../actors/account/price.ts";
import { capabilitiesByName } from "../../actors/models/catalog.ts";
import { type CatalogDeps, createCatalog } from "../../infra/llm/catalog/catalog.ts";
import { fetchUpstreamModels } from "../../infra/llm/catalog/upstream-list.ts";
import { parseOwnPrices } from "../../infra/llm/prices/own-prices.ts";
import { priceOf } from "../../infra/llm/prices/price-list.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { json, refusal } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";

const openai = { provider: "openai", baseUrl: "https://api.openai.com/v1" };

function catalogOf(deps: Partial<CatalogDeps> = {}) {
  const problems: string[] = [];
  const catalog = createCatalog({
    ...{ providers: {}, listed: [], aliases: {}, prices: {}, clock: systemClock },
    reportError: (message) => problems.push(message),
    ...deps,
  });
  return { catalog, problems };
}

test("the built-in prices become whole pico-dollars per token, each class at its own rate", async (t) => {
  const { catalog } = catalogOf();
  t.is(catalog.find({ ...openai, model: "gpt-4o" }).price, undefined, "not loaded yet");
  await catalog.ready();
  const { price } = catalog.find({ ...openai, model: "gpt-4o" });
  t.like(price, { name: "openai/gpt-4o", input: 2_500_000, cachedInput: 1_250_000, output: 10_000_000 });
  const usage = { inputTokens: 9, cachedInputTokens: 17_102, outputTokens: 1_000, reasoningTokens: 900 };
  t.is(costOf(usage, price), (9 * 2.5 + 17_102 * 1.25 + 1_000 * 10) * 1e6);
  const claude = catalog.find({ provider: "anthropic", baseUrl: "", model: "claude-haiku-4-5" });
  t.is(claude.price?.cacheWrite, (claude.price?.input ?? 0) * 1.25);
});

test("sums of many small calls are exact, and nothing above zero costs zero", async (t) => {
  const price = { name: "p", ...parseOwnPrices('{"m":{"input":1.5,"output":2}}').m! };
  let sum = 0;
  for (let i = 0; i < 10_000; i += 1) sum += costOf({ inputTokens: 123, outputTokens: 78 }, price);
  t.is(sum, 3_405_000_000_000);
  const tiny = { name: "p", ...parseOwnPrices('{"m":{"input":0.05,"output":0}}').m! };
  t.is(costOf({ inputTokens: 1, outputTokens: 0 }, tiny), 50_000);
});

test("a long prompt is charged at the rates of its tier, the whole of it", async (t) => {
  const { catalog } = catalogOf();
  await catalog.ready();
  const google = { provider: "google", baseUrl: "https://generativelanguage.googleapis.com/v1beta" };
  const { price } = catalog.find({ ...google, model: "gemini-2.5-pro" });
  t.is(costOf({ inputTokens: 200_000, outputTokens: 0 }, price), 200_000 * 1_250_000);
  t.is(costOf({ inputTokens: 200_001, outputTokens: 0 }, price), 200_001 * 2_500_000);
  const cached = { inputTokens: 1, cachedInputTokens: 300_000, outputTokens: 10 };
  t.is(costOf(cached, price), 2_500_000 + 300_000 * 250_000 + 10 * 15_000_000);
});

test("classes with other borders have each border as a tier, and a class without a price costs what it replaces", (t) => {
  const tiered = (base: number, ...tiers: [number, number][]) =>
    ({ base, tiers: tiers.map(([start, price]) => ({ start, price })) }) as never;
  t.deepEqual(priceOf("x", { input_mtok: tiered(1, [100, 2]), output_mtok: tiered(3, [200, 4]) }), {
    name: "x",
    ...{ input: 1e6, cachedInput: 1e6, cacheWrite: 1e6, output: 3e6 },
    tiers: [
      { above: 100, input: 2e6, cachedInput: 2e6, cacheWrite: 2e6, output: 3e6 },
      { above: 200, input: 2e6, cachedInput: 2e6, cacheWrite: 2e6, output: 4e6 },
    ],
  });
  t.is(priceOf("x", { audio_hours: 1 }), undefined, "not paid for by tokens");
});

test("own prices come before the list, and a model that no list knows is unpriced", async (t) => {
  const prices = parseOwnPrices('{"gpt-4o":{"input":1,"output":1},"house-1":{"input":2}}');
  const { catalog } = catalogOf({ prices });
  await catalog.ready();
  t.like(catalog.find({ ...openai, model: "gpt-4o" }).price, { name: "own/gpt-4o", input: 1_000_000 });
  t.is(catalog.find({ ...openai, model: "house-1" }).price?.input, 2_000_000);
  for (const model of ["nobody-knows-1", "__proto__", "constructor", ""]) {
    t.is(catalog.find({ ...openai, model }).price, undefined, model);
  }
});

test("an address that only relays models has the prices of the models' makers", async (t) => {
  const { catalog } = catalogOf();
  await catalog.ready();
  const relay = { provider: "openai", baseUrl: "https://gate.example.test/v1" };
  t.is(catalog.find({ ...relay, model: "claude-sonnet-4-5" }).price?.name, "anthropic/claude-sonnet-4-5");
  const deepseek = { provider: "compatible", baseUrl: "https://api.deepseek.com/v1", model: "deepseek-chat" };
  t.is(catalog.find(deepseek).price?.name, "deepseek/deepseek-chat");
});

test("what a model can do: from OpenAI's table, else by its name", async (t) => {
  const { catalog } = catalogOf();
  await catalog.ready();
  t.like(catalog.find({ ...openai, model: "gpt-4o" }), {
    capabilities: { vision: true, tools: true, reasoning: false, images: false },
    contextTokens: 128_000,
    maxOutputTokens: 16_384,
  });
  t.like(catalog.find({ ...openai, model: "o3" }).capabilities, { reasoning: true });
  t.like(capabilitiesByName("claude-sonnet-4-5"), { vision: true, tools: true, reasoning: true });
  t.like(capabilitiesByName("gpt-image-1"), { images: true, tools: false });
  t.like(capabilitiesByName("bge-m3"), { embeddings: true, tools: false });
  t.like(capabilitiesByName("house-1"), { vision: false, tools: true, embeddings: false });
});

test("the list is the upstream's own, then the well-known models of other configured providers, and aliases", async (t) => {
  const upstream = await startScriptedUpstream();
  t.teardown(() => upstream.close());
  const { catalog } = catalogOf({ ...listOf(t, upstream.url), aliases: { fast: "gpt-4o-mini" } });
  const models = await catalog.list();
  const ids = models.map(({ id }) => id);
  t.deepEqual(ids.slice(0, 3), ["fast", "up-model-1", "up-model-2"]);
  t.true(ids.includes("claude-sonnet-4-5"));
  t.false(ids.includes("gpt-5"), "the upstream's list says what it has");
  t.like(models[0], { provider: "openai", price: { name: "openai/gpt-4o-mini" } });
  t.like(models[1], { ownedBy: "upstream", createdS: 1_700_000_000, price: undefined });
  await catalog.list();
  t.is(upstream.journal.length, 1, "kept for a while");
  t.is(upstream.journal[0]?.key, "system-key");
});

test("an upstream without a list has the well-known models, and is asked again later, not at once", async (t) => {
  const upstream = await startScriptedUpstream();
  t.teardown(() => upstream.close());
  for (const script of [refusal(404), json({ data: "x" }), json([])]) {
    upstream.always(script);
    const { catalog, problems } = catalogOf(listOf(t, upstream.url));
    const before = upstream.journal.length;
    const [models] = await Promise.all([catalog.list(), catalog.list()]);
    await catalog.list();
    t.true(models.some(({ id }) => id === "gpt-4o-mini"));
    t.is(upstream.journal.length, before + 1);
    t.is(problems.length, 1);
  }
});

test("LLM_MODELS is the whole list, and without a provider there is none", async (t) => {
  const { catalog } = catalogOf({
    listed: ["house-1", "gpt-4o"],
    fetchModels: () => Promise.reject(new Error("not asked")),
  });
  t.deepEqual(
    (await catalog.list()).map(({ id }) => id),
    ["house-1", "gpt-4o"],
  );
  t.deepEqual(await catalogOf().catalog.list(), []);
});

function listOf(t: ExecutionContext, baseUrl: string) {
  const agent = new Agent();
  t.teardown(() => agent.close());
  return {
    providers: { openai: { baseUrl }, anthropic: { baseUrl: "https://claude.example.test/v1" } },
    fetchModels: () => fetchUpstreamModels({ baseUrl, apiKey: "system-key" }, agent),
  };
}
