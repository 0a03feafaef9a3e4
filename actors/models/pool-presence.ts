// Whether a pool has an account that may serve: what the routing of a request depends on. A pool whose accounts all cool down
// still serves; its requests are then answered with the time to wait.
import { type Credential, listFreshMs, Pool } from "../pool/contract.ts";
import { availabilityOf } from "../pool/status.ts";
import type { Actors } from "../runtime/actors.ts";
import type { Clock } from "../runtime/ports.ts";

export type HasAccounts = (pool: string) => Promise<boolean>;

/**
 * Asked once for all requests of `listFreshMs`. That there is none is not remembered: after an import the next request is
 * served.
 */
export function createHasAccounts({ actors, clock }: { actors: Actors; clock: Clock }): HasAccounts {
  const answers = new Map<string, { answer: Promise<boolean>; untilMs: number }>();
  /** The lists that the pools answered last: a pool sends its list again only when it has changed. */
  const lists = new Map<string, { version: number; credentials: readonly Credential[] }>();

  async function ask(pool: string): Promise<boolean> {
    const seen = lists.get(pool);
    const { version, credentials = seen?.credentials ?? [] } = await actors
      .get(Pool, pool)
      .list({ seenVersion: seen?.version });
    lists.set(pool, { version, credentials });
    const nowMs = clock.nowMs();
    // No endpoint has an empty name, so only what holds for the whole account counts.
    return credentials.some((each) => availabilityOf(each, "", nowMs).kind !== "out");
  }

  return (pool) => {
    const nowMs = clock.monotonicMs();
    const known = answers.get(pool);
    if (known && known.untilMs > nowMs) return known.answer;
    const answer = ask(pool);
    answers.set(pool, { answer, untilMs: nowMs + listFreshMs });
    const forget = () => answers.delete(pool);
    answer.then((hasAccounts) => hasAccounts || forget(), forget);
    return answer;
  };
}
