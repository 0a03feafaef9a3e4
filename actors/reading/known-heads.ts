// The heads of a user's conversations: from the cache, and of the actors where it has none.
// K1: a cache that lost everything must not lead everybody to every actor at once: all answers of this process share
//     `maxHeadAsks`, and who calls an actor for himself does not wait behind them.
import { Conversation } from "../conversation/contract.ts";
import type { Head } from "../runtime/contract.ts";
import { Gate } from "../shared/gate.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { mapBounded } from "./concurrency.ts";
import type { ReadingDeps } from "./deps.ts";
import { isGone } from "./view.ts";

/** Heads by conversation, in the order asked for; those that are gone, or not the user's to see any more, are left out. */
export type ReadHeads = (userId: UserId, ids: readonly ConversationId[]) => Promise<Map<ConversationId, Head>>;

export function createHeadReader({ actors, heads, limits }: ReadingDeps): ReadHeads {
  const asks = new Gate(limits.maxHeadAsks); // K1
  return async (userId, ids) => {
    const cached = await heads.getMany(ids);
    const told = new Map<ConversationId, Head>();
    const found = await mapBounded(ids, limits.maxConcurrentAsks, async (id) => {
      const known = cached.get(id);
      if (known) return known;
      const head = await asks.run(() => unlessGone(actors.get(Conversation, id).window({ userId })));
      if (head) told.set(id, head.head);
      return head?.head;
    });
    if (told.size > 0) heads.offer?.(told, cached);
    return new Map(ids.flatMap((id, i) => (found[i] ? [[id, found[i]] as const] : [])));
  };
}

export async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
