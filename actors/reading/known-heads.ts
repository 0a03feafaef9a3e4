// The heads of a user's conversations: from the cache, and of the actors where it has none.
// K1: a cache that lost everything must not lead everybody to every actor at once: all answers of this process share
//     `maxHeadAsks`. An actor that is away keeps its place for a moment only: the others are asked meanwhile.
// K2: the time of an ask begins with the list that it is for; what has waited so long is not asked any more.
import { Conversation, type Window } from "../conversation/contract.ts";
import { RuntimeError } from "../runtime/errors.ts";
import type { Head } from "../runtime/head.ts";
import { Gate } from "../shared/gate.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { waitAtMost } from "../shared/with-timeout.ts";
import type { ReadingDeps } from "./deps.ts";
import { unlessGone } from "./view.ts";

const placeKeptMs = 1_000;

/** Heads by conversation, in the order asked for; those that are gone, or not the user's to see any more, are left out. */
export type ReadHeads = (userId: UserId, ids: readonly ConversationId[]) => Promise<Map<ConversationId, KnownHead>>;

export interface KnownHead {
  readonly head: Head;
  /** Of the conversation that was asked. */
  readonly window?: Window;
}

export function createHeadReader({ actors, heads, limits, clock }: ReadingDeps): ReadHeads {
  const asks = new Gate(limits.maxHeadAsks);
  const ask = async (id: ConversationId, userId: UserId, deadlineMs: number): Promise<Window | undefined> => {
    let asked: Promise<Window | undefined> | undefined;
    await asks.run(async () => {
      if (clock.nowMs() >= deadlineMs) throw new RuntimeError("deadline", "The heads of a list took too long"); // K2
      asked = unlessGone(actors.get(Conversation, id).window({ userId }, { deadlineMs }));
      await waitAtMost(clock, placeKeptMs, asked); // K1
    });
    return asked;
  };
  return async (userId, ids) => {
    const deadlineMs = clock.nowMs() + limits.headAsksMsMax;
    const cached = await heads.getMany(ids);
    const told = new Map<ConversationId, Head>();
    const found = await mapBounded(ids, limits.maxConcurrentAsks, async (id): Promise<KnownHead | undefined> => {
      const head = cached.get(id);
      if (head) return { head };
      const window = await ask(id, userId, deadlineMs);
      if (window) told.set(id, window.head);
      return window && { head: window.head, window };
    });
    if (told.size > 0) heads.offer?.(told, cached);
    return new Map(ids.flatMap((id, i) => (found[i] ? [[id, found[i]] as const] : [])));
  };
}
