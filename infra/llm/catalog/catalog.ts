// The list of models and what is known of each: from the configuration, from what the system's upstream lists, from the built-in
// tables of prices and of OpenAI's models, and by name where no table knows more.
import type { UpstreamTarget } from "../../../actors/llm/contract.ts";
import {
  type Catalog,
  capabilitiesByName,
  type ListedModel,
  type ModelFacts,
  makerOf,
} from "../../../actors/models/catalog.ts";
import { type ProviderName, providerNames, providerOfModel } from "../../../actors/models/providers.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { BoundedMap } from "../../../actors/shared/bounded-map.ts";
import type { OwnPrices } from "../prices/own-prices.ts";
import { loadPriceList, type PriceList } from "../prices/price-list.ts";
import { loadOpenAiSpecs, type ModelSpecs } from "./openai-specs.ts";
import { createUpstreamList, type UpstreamModel } from "./upstream-list.ts";
import { wellKnownModels } from "./well-known.ts";

export interface CatalogDeps {
  /** The providers that the system pays for, with their addresses. */
  providers: Readonly<Partial<Record<ProviderName, { baseUrl: string }>>>;
  /** Names that are always listed; when there are any, nothing else is. */
  listed: readonly string[];
  aliases: Readonly<Record<string, string>>;
  prices: OwnPrices;
  /** Asks the system's OpenAI-compatible upstream. Absent: there is none. */
  fetchModels?: () => Promise<readonly UpstreamModel[]>;
  clock: Clock;
  reportError(message: string, cause: unknown): void;
}

/** A price that changes at an hour holds so long at most after that. */
const factsFreshMs = 600_000;
const maxRemembered = 2_000;

export function createCatalog(deps: CatalogDeps): Catalog {
  const { clock } = deps;
  const remembered = new BoundedMap<string, { facts: ModelFacts; untilMs: number }>(maxRemembered);
  const upstream = deps.fetchModels && createUpstreamList(deps.fetchModels, deps);
  let tables: Tables | undefined;
  let loading: Promise<void> | undefined;

  const catalog: Catalog = {
    ready() {
      loading ??= load();
      return loading;
    },
    find(target) {
      const key = `${target.provider} ${target.baseUrl} ${target.model}`;
      const nowMs = clock.nowMs();
      const known = remembered.get(key);
      if (known && known.untilMs > nowMs) return known.facts;
      const facts = factsOf(target, { tables, prices: deps.prices, nowMs });
      if (tables) remembered.renew(key, { facts, untilMs: nowMs + factsFreshMs });
      return facts;
    },
    async list() {
      const [found] = await Promise.all([deps.listed.length > 0 ? undefined : upstream?.models(), catalog.ready()]);
      const aliases = Object.keys(deps.aliases).map((id) => ({ id }));
      const unique = new Map([...aliases, ...namesToList(deps, found)].map((model) => [model.id, model]));
      return Array.from(unique.values(), listedModel);
    },
  };
  return catalog;

  async function load(): Promise<void> {
    try {
      const [list, specs] = await Promise.all([loadPriceList(), loadOpenAiSpecs()]);
      tables = { list, specs };
    } catch (error) {
      loading = undefined;
      deps.reportError("catalog: the built-in tables cannot be read", error);
    }
  }

  function listedModel({ id, ownedBy, createdS = 0 }: UpstreamModel): ListedModel {
    const model = Object.hasOwn(deps.aliases, id) ? (deps.aliases[id] ?? id) : id;
    const maker = providerOfModel(model);
    const provider = maker && deps.providers[maker] ? maker : "openai";
    const baseUrl = deps.providers[provider]?.baseUrl ?? "";
    const facts = catalog.find({ provider, baseUrl, model });
    return { id, provider, ownedBy: ownedBy ?? makerOf(model, provider), createdS, ...facts };
  }
}

interface Tables {
  list: PriceList;
  specs: ModelSpecs;
}
type Asked = Pick<UpstreamTarget, "provider" | "baseUrl" | "model">;

function factsOf(
  { provider, baseUrl, model }: Asked,
  { tables, prices, nowMs }: { tables: Tables | undefined; prices: OwnPrices; nowMs: number },
): ModelFacts {
  const listed = tables?.list.find({ provider, baseUrl, model, atMs: nowMs });
  const own = Object.hasOwn(prices, model) ? prices[model] : undefined;
  const price = own ? { name: `own/${model}`, ...own } : listed?.price;
  const spec = tables?.specs(model);
  const contextTokens = spec?.contextTokens ?? listed?.contextTokens;
  return {
    capabilities: capabilitiesByName(model),
    ...spec,
    ...(price && { price }),
    ...(contextTokens !== undefined && { contextTokens }),
  };
}

/** The well-known ones are those of providers whose lists are not asked for, and of an upstream that gives no list. */
function namesToList(
  { listed, providers }: CatalogDeps,
  found: readonly UpstreamModel[] | undefined,
): readonly UpstreamModel[] {
  if (listed.length > 0) return listed.map((id) => ({ id }));
  const wellKnown = providerNames
    .filter((name) => providers[name] !== undefined && !(name === "openai" && found))
    .flatMap((name) => wellKnownModels[name] ?? []);
  return [...(found ?? []), ...wellKnown.map((id) => ({ id }))];
}
