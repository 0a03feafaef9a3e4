import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ConfigError } from "../../infra/config/config.ts";
import type { Env } from "../../infra/config/env.ts";
import { readConfig } from "../../infra/config/read-config.ts";
import { createTestFolder } from "../support/temp-folder.ts";

const modelsOf = (env: Env) => readConfig(env).models;

test("without a variable no provider is configured, and nothing of users' addresses is opened", (t) => {
  t.like(modelsOf({}), {
    providers: {},
    defaultUpstream: undefined,
    listed: [],
    aliases: {},
    fallbacks: {},
    prices: {},
  });
  t.deepEqual(modelsOf({}).outbound.allow, []);
});

test("a key alone takes the provider's usual address, an address alone is asked without a key", (t) => {
  const { providers } = modelsOf({
    OPENAI_BASE_URL: "http://127.0.0.1:11434/v1/",
    ANTHROPIC_API_KEY: "a",
    ARK_API_KEY: "b",
    AZURE_BASE_URL: "https://res.openai.azure.com",
    AZURE_API_KEY: "c",
    AZURE_API_VERSION: "2024-10-21",
  });
  t.deepEqual(providers, {
    openai: { baseUrl: "http://127.0.0.1:11434/v1", apiKey: undefined },
    anthropic: { baseUrl: "https://api.anthropic.com/v1", apiKey: "a" },
    doubao: { baseUrl: "https://ark.cn-beijing.volces.com/api/v3", apiKey: "b" },
    azure: { baseUrl: "https://res.openai.azure.com", apiKey: "c", apiVersion: "2024-10-21" },
  });
});

test("the default of the one-to-one chat has a key only if it is given, or the address is the system's own", (t) => {
  const chat = { DEFAULT_MODEL_URL: "https://a.test/v1", DEFAULT_MODEL_NAME: "m", OPENAI_API_KEY: "secret" };
  t.is(modelsOf(chat).defaultUpstream?.apiKey, undefined, "another address does not get the system's key");
  t.is(modelsOf({ ...chat, OPENAI_BASE_URL: "https://a.test.evil.test/v1" }).defaultUpstream?.apiKey, undefined);
  t.is(modelsOf({ ...chat, OPENAI_BASE_URL: "https://a.test/v1" }).defaultUpstream?.apiKey, "secret");
  t.is(modelsOf({ ...chat, DEFAULT_MODEL_API_KEY: "own" }).defaultUpstream?.apiKey, "own");
});

test("aliases and fallbacks are pairs, and several fallbacks keep their order", (t) => {
  const { aliases, fallbacks } = modelsOf({
    LLM_ALIASES: "fast:gpt-4o-mini, local=llama3:8b",
    LLM_FALLBACKS: "gpt-4o:gpt-4o-mini,llama3:8b=llama3:1b,gpt-4o:claude-haiku-4-5",
  });
  t.deepEqual(aliases, { fast: "gpt-4o-mini", local: "llama3:8b" });
  t.deepEqual(fallbacks, { "gpt-4o": ["gpt-4o-mini", "claude-haiku-4-5"], "llama3:8b": ["llama3:1b"] });
});

test("own prices come as JSON or from a file, in pico-dollars per token", (t) => {
  const list = JSON.stringify({ "own-1": { input: 0.000001, output: 2.5 }, "paint-1": { image: 0.04 } });
  const prices = {
    "own-1": { input: 1, cachedInput: 1, cacheWrite: 1, output: 2_500_000 },
    "paint-1": { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, image: 40_000_000_000 },
  };
  t.deepEqual(modelsOf({ LLM_PRICES: list }).prices, prices);
  const path = join(createTestFolder(t, "prices"), "prices.json");
  writeFileSync(path, list);
  t.deepEqual(modelsOf({ LLM_PRICES: path }).prices, prices);
});

test("wrong settings of models are reported together, without a secret", (t) => {
  const error = t.throws(
    () =>
      modelsOf({
        OPENAI_BASE_URL: "ftp://a.test",
        ANTHROPIC_BASE_URL: "https://alice:hunter2@a.test/v1",
        AZURE_API_KEY: "canary",
        DEFAULT_MODEL_URL: "https://a.test/v1",
        LLM_ALIASES: "a:b:c",
        LLM_FALLBACKS: "a",
        LLM_PRICES: '{"m":{"input":-1}}',
        OUTBOUND_ALLOW: "http://a.test, 10.0.0.0/8, b.test/24",
        POOL_UPSTREAM_URL: "https://a.test/v1?key=canary",
      }),
    { instanceOf: ConfigError },
  );
  for (const says of [
    ...[/OPENAI_BASE_URL is not a URL/, /ANTHROPIC_BASE_URL has a user name/, /AZURE_API_KEY.*needs AZURE_BASE_URL/],
    ...[/DEFAULT_MODEL_URL.*needs DEFAULT_MODEL_NAME/, /LLM_ALIASES has "a:b:c"/, /LLM_FALLBACKS has "a"/],
    ...[/LLM_PRICES: input of m is no number/, /OUTBOUND_ALLOW: "http:\/\/a.test" is no host/],
    ...[/OUTBOUND_ALLOW: "b.test\/24" is no host/, /POOL_UPSTREAM_URL has a user name, a query or a fragment/],
  ]) {
    t.true(
      error.problems.some((problem) => says.test(problem)),
      String(says),
    );
  }
  t.notRegex(error.message, /hunter2|canary/);
});

for (const [what, list] of [
  ["no object", "[]"],
  ["no JSON", "{"],
  ["an unknown field", '{"m":{"input":1,"ouput":2}}'],
  ["no input", '{"m":{"output":2}}'],
  ["more than six decimals", '{"m":{"input":0.0000001}}'],
] as const) {
  test(`a price list with ${what} is refused`, (t) => {
    t.throws(() => modelsOf({ LLM_PRICES: list.startsWith("{") ? list : `{"m":${list}}` }), {
      message: /LLM_PRICES: /,
    });
  });
}
