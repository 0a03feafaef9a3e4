// The heads of a user's conversations: from the cache, and of the actors where it has none.
// K1: a cache that lost everything must not lead everybody to every actor at once: all answers of this process share
//     `maxHeadAsks`. An actor that is away keeps its place for a moment only: the others are asked meanwhile.
// K2: the time of an ask begins with the list that it is for; what has waited so long is not asked any more.
import { Conversation } from "../conversation/contract.ts";
import type { Head } from "../runtime/contract.ts";
import { RuntimeError } from "../runtime/errors.ts";
import type { Clock } from "../runtime/ports.ts";
import { Gate } from "../shared/gate.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { mapBounded } from "./concurrency.ts";
import type { ReadingDeps } from "./deps.ts";
import { isGone } from "./view.ts";

const placeKeptMs = 1_000;

/** Heads by conversation, in the order asked for; those that are gone, or not the user's to see any more, are left out. */
export type ReadHeads = (userId: UserId, ids: readonly ConversationId[]) => Promise<Map<ConversationId, Head>>;

export function createHeadReader({ actors, heads, limits, clock }: ReadingDeps): ReadHeads {
  const asks = new Gate(limits.maxHeadAsks);
  const ask = async (id: ConversationId, userId: UserId, deadlineMs: number): Promise<Head | undefined> => {
    let asked: Promise<{ head: Head } | undefined> | undefined;
    await asks.run(async () => {
      if (clock.nowMs() >= deadlineMs) throw new RuntimeError("deadline", "The heads of a list took too long"); // K2
      asked = unlessGone(actors.get(Conversation, id).window({ userId }, { deadlineMs }));
      await atMost(clock, placeKeptMs, asked); // K1
    });
    return (await asked)?.head;
  };
  return async (userId, ids) => {
    const deadlineMs = clock.nowMs() + limits.headAsksMsMax;
    const cached = await heads.getMany(ids);
    const told = new Map<ConversationId, Head>();
    const found = await mapBounded(ids, limits.maxConcurrentAsks, async (id) => {
      const known = cached.get(id);
      if (known) return known;
      const head = await ask(id, userId, deadlineMs);
      if (head) told.set(id, head);
      return head;
    });
    if (told.size > 0) heads.offer?.(told, cached);
    return new Map(ids.flatMap((id, i) => (found[i] ? [[id, found[i]] as const] : [])));
  };
}

/** Settles with the work, or when the time is over. */
async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const isOver = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, isOver]).finally(() => cancel());
}

export async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
