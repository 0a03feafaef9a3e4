import { Conversation } from "../conversation/contract.ts";
import type { Head } from "../runtime/contract.ts";
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
  const told = new Map<ConversationId, Head>();
  await mapBounded([...entries.values()], deps.limits.maxConcurrentAsks, async ({ id, fanout }) => {
    const head = heads.get(id) ?? (await findHead(deps, userId, id));
    if (head === undefined) return;
    if (!heads.has(id)) told.set(id, head);
    if (head.version > 0) vector.conversations[id] = head.version;
    if (fanout === "conversation") rooms.push(id);
  });
  if (told.size > 0) deps.heads.offer?.(told, heads);
  return { vector, rooms };
}

async function findHead(deps: ReadingDeps, userId: UserId, id: ConversationId): Promise<Head | undefined> {
  try {
    return (await deps.actors.get(Conversation, id).window({ userId })).head;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
