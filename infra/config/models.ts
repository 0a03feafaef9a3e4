// Reads the settings of the models: providers, routing, prices, and the guard on users' addresses.
import { readFileSync } from "node:fs";
import type { ProviderName } from "../../actors/models/providers.ts";
import { providerFacts } from "../../actors/models/providers.ts";
import { parseAllowed } from "../llm/guard/allowed.ts";
import { type OwnPrices, parseOwnPrices } from "../llm/prices/own-prices.ts";
import type { ConfigReader } from "./reader.ts";
import type { VariableName } from "./variables.ts";

interface ProviderConfig {
  /** Without a slash at its end. */
  baseUrl: string;
  apiKey?: string;
  apiVersion?: string;
}

export interface ModelsConfig {
  providers: Readonly<Partial<Record<ProviderName, ProviderConfig>>>;
  defaultUpstream?: { baseUrl: string; model: string; apiKey?: string };
  defaultModel: string;
  imageModel: string;
  /** Empty: what the providers list. */
  listed: readonly string[];
  aliases: Readonly<Record<string, string>>;
  fallbacks: Readonly<Record<string, readonly string[]>>;
  prices: OwnPrices;
  outbound: {
    /** Entries as `parseAllowed` reads them. */
    allow: readonly string[];
    maxBytes: number;
    timeoutMs: number;
  };
}

const prefixes = {
  openai: "OPENAI",
  azure: "AZURE",
  google: "GOOGLE",
  anthropic: "ANTHROPIC",
  wenxin: "QIANFAN",
  doubao: "ARK",
  qwen: "DASHSCOPE",
} as const satisfies Record<ProviderName, string>;

export function readModels(read: ConfigReader): ModelsConfig {
  const providers = readProviders(read);
  return {
    providers,
    defaultUpstream: readDefaultUpstream(read, providers.openai),
    defaultModel: read.text("LLM_DEFAULT_MODEL"),
    imageModel: read.text("LLM_IMAGE_MODEL"),
    listed: read.list("LLM_MODELS"),
    aliases: Object.fromEntries(readPairs(read, "LLM_ALIASES")),
    fallbacks: grouped(readPairs(read, "LLM_FALLBACKS")),
    prices: readPrices(read),
    outbound: {
      allow: read.parsed("OUTBOUND_ALLOW", checkAllowed),
      maxBytes: read.number("OUTBOUND_MAX_BYTES"),
      timeoutMs: read.number("OUTBOUND_TIMEOUT_MS"),
    },
  };
}

function readProviders(read: ConfigReader): ModelsConfig["providers"] {
  const found: Partial<Record<ProviderName, ProviderConfig>> = {};
  for (const [name, prefix] of Object.entries(prefixes) as [ProviderName, (typeof prefixes)[ProviderName]][]) {
    const apiKey = read.optional(`${prefix}_API_KEY`);
    const given = read.baseUrl(`${prefix}_BASE_URL`);
    const baseUrl = given ?? (apiKey === undefined ? undefined : providerFacts(name).baseUrl);
    if (baseUrl !== undefined) found[name] = { baseUrl, apiKey };
    else if (apiKey !== undefined) read.problems.push(`${prefix}_API_KEY is set: it needs ${prefix}_BASE_URL, too.`);
  }
  const apiVersion = read.optional("AZURE_API_VERSION");
  if (apiVersion !== undefined && !/^[\w.-]+$/.test(apiVersion)) read.refuse("AZURE_API_VERSION");
  if (found.azure) found.azure.apiVersion = apiVersion;
  return found;
}

function readDefaultUpstream(read: ConfigReader, openai: ProviderConfig | undefined): ModelsConfig["defaultUpstream"] {
  const [baseUrl, model] = [read.baseUrl("DEFAULT_MODEL_URL"), read.text("DEFAULT_MODEL_NAME")];
  if (baseUrl === undefined) return undefined;
  if (model === "") read.problems.push("DEFAULT_MODEL_URL is set: it needs DEFAULT_MODEL_NAME, too.");
  const shared = openai?.baseUrl === baseUrl ? openai.apiKey : undefined;
  return { baseUrl, model, apiKey: read.optional("DEFAULT_MODEL_API_KEY") ?? shared };
}

/** `a:b` pairs, or `a=b` where a name has a colon: llama3:8b=llama3:70b. */
function readPairs(read: ConfigReader, name: VariableName): [string, string][] {
  return read.list(name).flatMap((pair) => {
    const parts = pair.split(pair.includes("=") ? "=" : ":").map((part) => part.trim());
    const [from = "", to = ""] = parts;
    if (parts.length === 2 && from !== "" && to !== "") return [[from, to]];
    read.refuse(name);
    return [];
  });
}

function grouped(pairs: readonly [string, string][]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of pairs) all[name] = [...(all[name] ?? []), value];
  return all;
}

/** Throws for an entry that the guard would not understand. */
function checkAllowed(entry: string): string {
  parseAllowed([entry]);
  return entry;
}

function readPrices(read: ConfigReader): OwnPrices {
  const given = read.text("LLM_PRICES");
  if (given === "") return {};
  try {
    return parseOwnPrices(given.startsWith("{") ? given : readFileSync(given, "utf8"));
  } catch (error) {
    read.problems.push(`LLM_PRICES: ${(error as Error).message}.`);
    return {};
  }
}
