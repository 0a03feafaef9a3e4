// Answers which upstreams serve a request: reads what the payer brought, where that matters, and chooses.
import type { ModelDirectory } from "../llm/contract.ts";
import type { Actors } from "../runtime/actors.ts";
import type { Clock } from "../runtime/ports.ts";
import { DomainError } from "../shared/errors.ts";
import type { UserId } from "../shared/ids.ts";
import { ModelSettings } from "./contract.ts";
import type { KeyUses } from "./key-uses.ts";
import type { HasAccounts } from "./pool-presence.ts";
import { chooseTargets, ownProvider, type RoutingFacts, type RoutingQuestion, type RoutingRules } from "./targets.ts";

export function createModelDirectory({
  actors,
  rules,
  hasAccounts,
  ready,
  uses,
  clock,
}: {
  actors: Actors;
  rules: RoutingRules;
  hasAccounts: HasAccounts;
  /** Waited for first: what prices are read from is loaded with the first request. */
  ready(): Promise<void>;
  uses: KeyUses;
  clock: Clock;
}): ModelDirectory {
  return {
    async resolve({ payer, ...question }) {
      await ready();
      const facts = { ...noFacts, ...(await factsFor(question, payer.userId)) };
      const choices = chooseTargets(rules, question, facts);
      const [first] = choices;
      if (first === undefined) throw new DomainError(question.surface === "v1" ? "llm.no_provider" : "llm.no_config");
      if (first.keyId !== undefined) uses.add(payer.userId, first.keyId);
      return choices.map(({ target }) => target);
    },
  };

  /** Only what the choice can depend on is read: a request with a key of this system reads nothing. */
  async function factsFor({ surface, provider }: RoutingQuestion, userId: UserId): Promise<Partial<RoutingFacts>> {
    if (surface === "v1") return { hasPool: rules.pool !== undefined && (await hasAccounts(rules.pool.name)) };
    const settings = actors.get(ModelSettings, userId);
    if (surface === "chat" || provider === ownProvider) return { own: (await settings.upstream({})).upstream };
    const [{ upstream }, { keys }] = await Promise.all([settings.upstream({}), settings.keys({})]);
    const nowMs = clock.nowMs();
    const isUsable = (key: { isActive: boolean; expiresAtMs?: number }) =>
      key.isActive && (key.expiresAtMs === undefined || key.expiresAtMs > nowMs);
    return { own: upstream, keys: keys.filter(isUsable) };
  }
}

const noFacts: RoutingFacts = { keys: [], hasPool: false };
