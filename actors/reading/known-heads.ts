// The heads of a user's conversations: from the cache, or from the actors for heads that the cache does not hold.
// All answers of this process share `maxHeadAsks`, so that an empty cache does not make all users ask all actors at once. An
// actor that does not answer holds its place for `placeKeptMs` only, so that it does not block the others. The deadline of an
// ask runs from the start of its list, including the time that the ask waited.
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

/** Heads by conversation, in the order of `ids`, without conversations that are gone or that the user may not see any more. */
export type ReadHeads = (userId: UserId, ids: readonly ConversationId[]) => Promise<Map<ConversationId, KnownHead>>;

interface KnownHead {
  readonly head: Head;
  /** Present when the conversation itself was asked. */
  readonly window?: Window;
}

export function createHeadReader({ actors, heads, limits, clock }: ReadingDeps): ReadHeads {
  const asks = new Gate(limits.maxHeadAsks);
  const ask = async (id: ConversationId, userId: UserId, deadlineMs: number): Promise<Window | undefined> => {
    let asked: Promise<Window | undefined> | undefined;
    await asks.run(async () => {
      if (clock.nowMs() >= deadlineMs) throw new RuntimeError("deadline", "The heads of a list took too long");
      asked = unlessGone(actors.get(Conversation, id).window({ userId }, { deadlineMs }));
      await waitAtMost(clock, placeKeptMs, asked);
    });
    return asked;
  };
  return async (userId, ids) => {
    const deadlineMs = clock.nowMs() + limits.headAsksMsMax;
    const cached = await heads.getMany(ids);
    const answered = new Map<ConversationId, Head>();
    const found = await mapBounded(ids, limits.maxConcurrentAsks, async (id): Promise<KnownHead | undefined> => {
      const head = cached.get(id);
      if (head) return { head };
      const window = await ask(id, userId, deadlineMs);
      if (window) answered.set(id, window.head);
      return window && { head: window.head, window };
    });
    if (answered.size > 0) heads.offer?.(answered, cached);
    return new Map(ids.flatMap((id, i) => (found[i] ? [[id, found[i]] as const] : [])));
  };
}
