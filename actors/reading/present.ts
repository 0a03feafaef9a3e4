import type { Vector } from "../session/contract.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import type { ReadingDeps } from "./deps.ts";
import type { ReadHeads } from "./known-heads.ts";
import { readLists } from "./user-lists.ts";

/** The user's present versions, from heads and the user's list only. */
export async function readPresent(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  userId: UserId,
): Promise<{ vector: Vector; rooms: ConversationId[] }> {
  const { version, entries } = await readLists(deps, userId);
  const vector: Vector = { userVersion: version, conversations: {} };
  const rooms: ConversationId[] = [];
  for (const [id, { head }] of await readHeads(userId, [...entries.keys()])) {
    if (head.version > 0) vector.conversations[id] = head.version;
    if (entries.get(id)?.fanout === "conversation") rooms.push(id);
  }
  return { vector, rooms };
}
