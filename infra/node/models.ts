// Models on this host: who serves which request, what is known of each model, and the guard on addresses that users give.
import { Agent, type buildConnector } from "undici";
import type { ModelDirectory, ProviderChat, Secrets } from "../../actors/llm/contract.ts";
import type { Catalog } from "../../actors/models/catalog.ts";
import { createModelDirectory } from "../../actors/models/directory.ts";
import { createKeyUses } from "../../actors/models/key-uses.ts";
import { createHasAccounts } from "../../actors/models/pool-presence.ts";
import type { ProviderName } from "../../actors/models/providers.ts";
import type { RoutingRules, SystemProvider } from "../../actors/models/targets.ts";
import { defaultPool } from "../../actors/pool/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { ModelsConfig } from "../config/models.ts";
import { createCatalog } from "../llm/catalog/catalog.ts";
import { fetchUpstreamModels } from "../llm/catalog/upstream-list.ts";
import { parseAllowed } from "../llm/guard/allowed.ts";
import { createGuardedFetch } from "../llm/guard/fetch.ts";
import { guardedConnect } from "../llm/guard/guard.ts";
import { createProviderChat } from "../llm/providers/provider-chat.ts";
import { createTokens } from "../llm/tokens.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";

export interface ModelParts {
  directory: ModelDirectory;
  catalog: Catalog;
  /** An upstream answers users of the one-to-one chat who have configured none. */
  hasDefaultUpstream: boolean;
  tokens: ReturnType<typeof createTokens>;
  /** Upstreams that speak another format than OpenAI's. */
  providerChat: ProviderChat;
  /** Connects to addresses that users gave. */
  guardedConnect: buildConnector.connector;
  /** Fetches what addresses in messages lead to. */
  fetch: ReturnType<typeof createGuardedFetch>;
  /** Before this host hands its actors over: afterwards nobody answers on a host that is alone. */
  countKeyUses(): Promise<void>;
}

export async function openModels(
  config: ModelsConfig,
  parts: {
    actors: Actors;
    secrets: Secrets;
    /** Where the accounts of the pool go; undefined: the pool serves nothing. */
    poolUrl: string | undefined;
    reportError(message: string, cause: unknown): void;
    lifecycle: Lifecycle;
  },
): Promise<ModelParts> {
  const { actors, reportError, lifecycle } = parts;
  const clock = systemClock;
  const { openai } = config.providers;
  const agent = new Agent({ connections: 2 });
  const guard = { allowed: parseAllowed(config.outbound.allow) };
  const fetch = createGuardedFetch(guard, config.outbound);
  const providerChat = createProviderChat((url, signal) => fetch.get(url, signal));
  const uses = createKeyUses({ actors, clock, reportError });
  const catalog = createCatalog({
    ...config,
    ...(openai && { fetchModels: () => fetchUpstreamModels(openai, agent) }),
    clock,
    reportError,
  });
  const directory = createModelDirectory({
    ...{ actors, uses, clock, rules: rulesOf(config, parts) },
    hasAccounts: createHasAccounts({ actors, clock }),
    ready: () => catalog.ready(),
  });
  await lifecycle.start({
    name: "models",
    stop: async () => {
      await Promise.all([fetch.close(), providerChat.close(), agent.close()]);
    },
  });
  return {
    ...{ directory, catalog, tokens: createTokens(), providerChat, guardedConnect: guardedConnect(guard), fetch },
    hasDefaultUpstream: config.defaultUpstream !== undefined,
    countKeyUses: () => uses.close(),
  };
}

/** Keys stay sealed until a request is made with them, like those of users. */
function rulesOf(
  { providers, defaultUpstream, ...config }: ModelsConfig,
  { secrets, poolUrl }: { secrets: Secrets; poolUrl: string | undefined },
): RoutingRules {
  const sealed = ({ apiKey }: { apiKey?: string }) => (apiKey === undefined ? {} : { sealedKey: secrets.seal(apiKey) });
  const entries = Object.entries(providers).map(([name, provider]): [ProviderName, SystemProvider] => {
    const { baseUrl, apiVersion } = provider;
    return [name as ProviderName, { baseUrl, ...(apiVersion !== undefined && { apiVersion }), ...sealed(provider) }];
  });
  return {
    ...config,
    providers: Object.fromEntries(entries),
    ...(poolUrl !== undefined && { pool: { name: defaultPool, baseUrl: poolUrl } }),
    ...(defaultUpstream && {
      defaultUpstream: { baseUrl: defaultUpstream.baseUrl, model: defaultUpstream.model, ...sealed(defaultUpstream) },
    }),
  };
}
