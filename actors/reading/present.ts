import { Conversation } from "../conversation/contract.ts";
import type { Vector } from "../session/contract.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { mapBounded } from "./concurrency.ts";
import type { ReadingDeps } from "./deps.ts";
import { readLists } from "./user-lists.ts";
import { isGone } from "./view.ts";

/** Where a user stands now: heads and his list only; a conversation is asked where its head is not known. */
export async function readPresent(
  deps: ReadingDeps,
  userId: UserId,
): Promise<{ vector: Vector; rooms: ConversationId[] }> {
  const { version, entries } = await readLists(deps, userId);
  const heads = await deps.heads.getMany([...entries.keys()]);
  const vector: Vector = { userVersion: version, conversations: {} };
  const rooms: ConversationId[] = [];
  await mapBounded([...entries.values()], deps.limits.maxConcurrentAsks, async ({ id, fanout }) => {
    const current = heads.get(id)?.version ?? (await findVersion(deps, userId, id));
    if (current === undefined) return;
    if (current > 0) vector.conversations[id] = current;
    if (fanout === "conversation") rooms.push(id);
  });
  return { vector, rooms };
}

async function findVersion(deps: ReadingDeps, userId: UserId, id: ConversationId): Promise<number | undefined> {
  try {
    return (await deps.actors.get(Conversation, id).window({ userId })).head.version;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
