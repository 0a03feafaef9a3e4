// Which upstreams a request goes to, best first: a pure choice from the configuration and from what the payer brought.
import type { Surface, UpstreamTarget } from "../llm/contract.ts";
import type { OwnUpstream, ProviderKey } from "./contract.ts";
import { type ProviderName, providerCalled, providerFacts, providerOfModel } from "./providers.ts";

/** A provider that the system pays for. */
export interface SystemProvider {
  /** Without a slash at its end. */
  baseUrl: string;
  /** Absent: the address takes requests without a key. */
  sealedKey?: string;
  /** Azure: with a version, models are deployments; without, the address takes OpenAI's paths. */
  apiVersion?: string;
}

export interface RoutingRules {
  providers: Readonly<Partial<Record<ProviderName, SystemProvider>>>;
  /** Where the accounts of the pool go. */
  pool?: { name: string; baseUrl: string };
  /** For users of the one-to-one chat who have configured nothing. Without it, the system's provider answers with its default. */
  defaultUpstream?: { baseUrl: string; model: string; sealedKey?: string };
  /** The model of requests that name none. */
  defaultModel: string;
  /** A name that clients use → the model's name. */
  aliases: Readonly<Record<string, string>>;
  /** The models to try when a model does not answer, best first. */
  fallbacks: Readonly<Record<string, readonly string[]>>;
}

export interface RoutingQuestion {
  surface: Surface;
  /** "": the user's own model where there is one, else the system's default. */
  model: string;
  /** `own`: the payer's own upstream. */
  provider?: string;
}

/** What the payer brought, and whether the pool could serve. */
export interface RoutingFacts {
  own?: OwnUpstream;
  /** Active ones that have not expired. */
  keys: readonly ProviderKey[];
  hasPool: boolean;
}

/** A target, and the key of the payer that it uses. */
interface Choice {
  target: UpstreamTarget;
  keyId?: string;
}

/** The provider name of a user's own upstream. */
export const ownProvider = "own";

/** Empty: nothing is configured that could answer. */
export function chooseTargets(rules: RoutingRules, question: RoutingQuestion, facts: RoutingFacts): Choice[] {
  const { surface, provider } = question;
  const isOwn = surface === "chat" || provider === ownProvider;
  const own = isOwn ? ownTargets(rules, question, facts) : [];
  if (own.length > 0 || provider === ownProvider) return own;
  const asked = question.model.trim();
  if (asked === "" && facts.own && surface !== "v1") return ownTargets(rules, question, facts);
  const model = named(rules.aliases, asked) ?? (asked === "" ? rules.defaultModel : asked);
  const first = ofModel(rules, { surface, model, provider }, facts);
  if (first.length === 0) return surface === "v1" ? [] : ownTargets(rules, { ...question, model }, facts);
  const others = named(rules.fallbacks, model) ?? [];
  return [...first, ...others.flatMap((other) => ofModel(rules, { surface, model: other }, facts))];
}

/** The address as requests use it: users paste it with a slash, with the whole path, or without any path. */
export function baseUrlOf(modelUrl: string): string {
  const plain = modelUrl
    .trim()
    .replace(/\/+$/, "")
    .replace(/\/chat\/completions$/, "");
  return URL.parse(plain)?.pathname === "/" ? `${plain}/v1` : plain;
}

function ofModel(rules: RoutingRules, question: RoutingQuestion, { keys, hasPool }: RoutingFacts): Choice[] {
  const { surface, model } = question;
  const provider = (question.provider && providerCalled(question.provider)) || providerOfModel(model);
  const own = provider !== undefined && provider !== "openai" ? rules.providers[provider] : undefined;
  if (surface === "v1") {
    // The accounts of the pool speak for one upstream. A model of a provider that the system has configured goes there.
    if (own === undefined && hasPool && rules.pool) return [{ target: poolTarget(rules.pool, model) }];
  } else if (provider !== undefined) {
    const ofUser = keyTargets(rules, { provider, model }, keys);
    if (ofUser.length > 0) return ofUser;
  }
  if (own && provider) return [{ target: systemTarget(provider, own, model) }];
  const { openai } = rules.providers;
  return openai ? [{ target: systemTarget("openai", openai, model) }] : [];
}

function keyTargets(
  rules: RoutingRules,
  { provider, model }: { provider: ProviderName; model: string },
  keys: readonly ProviderKey[],
): Choice[] {
  const configured = rules.providers[provider];
  const baseUrl = configured?.baseUrl ?? providerFacts(provider).baseUrl;
  if (baseUrl === undefined) return [];
  return keys
    .filter((key) => providerCalled(key.provider) === provider)
    .map(({ keyId, sealedKey }) => {
      return { keyId, target: systemTarget(provider, { ...configured, baseUrl, sealedKey }, model) };
    });
}

function ownTargets(rules: RoutingRules, { surface, model }: RoutingQuestion, { own }: RoutingFacts): Choice[] {
  if (own) {
    const baseUrl = baseUrlOf(own.modelUrl);
    const credential = { kind: "key", sealedKey: own.sealedKey } as const;
    const name = surface === "chat" || model === "" ? own.modelName : model;
    return [{ target: { provider: "compatible", baseUrl, model: name, credential, isUserUrl: true } }];
  }
  const { defaultUpstream } = rules;
  if (!defaultUpstream || surface !== "chat") return [];
  const { baseUrl, sealedKey, model: name } = defaultUpstream;
  return [{ target: { provider: "compatible", baseUrl, model: name, ...credentialOf(sealedKey), isUserUrl: false } }];
}

function poolTarget({ name, baseUrl }: { name: string; baseUrl: string }, model: string): UpstreamTarget {
  return { provider: "openai", baseUrl, model, credential: { kind: "pool", pool: name }, isUserUrl: false };
}

function systemTarget(provider: ProviderName, system: SystemProvider, model: string): UpstreamTarget {
  const { format, keyHeader } = providerFacts(provider);
  return {
    provider,
    model,
    ...addressOf(provider, system, model),
    ...credentialOf(system.sealedKey),
    ...(format && { format }),
    ...(keyHeader && { keyHeader }),
    isUserUrl: false,
  };
}

function addressOf(provider: ProviderName, { baseUrl, apiVersion }: SystemProvider, model: string) {
  if (provider !== "azure") return { baseUrl };
  if (apiVersion === undefined) return { baseUrl: `${baseUrl}/openai/v1` };
  const deployment = encodeURIComponent(model);
  return { baseUrl: `${baseUrl}/openai/deployments/${deployment}`, query: `api-version=${apiVersion}` };
}

function credentialOf(sealedKey: string | undefined): { credential: UpstreamTarget["credential"] } {
  return { credential: sealedKey === undefined ? { kind: "none" } : { kind: "key", sealedKey } };
}

/** Names come from clients: only entries of the table itself count. */
function named<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
