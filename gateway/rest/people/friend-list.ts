import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { findPresence } from "../../kit/known-presence.ts";
import { inBatches } from "../kit/in-batches.ts";
import type { Item } from "../kit/items.ts";
import { namesOf } from "../kit/names.ts";
import type { Edge } from "../kit/route.ts";
import { findCard } from "./find-users.ts";

const maxPresenceShown = 500; // friends beyond it are listed as offline: presence is a courtesy, the list is not

/** Friends of `viewerId` with their names of now, and whether they are here, as far as they show it to him. */
export async function friendsOnWire(
  edge: Edge,
  viewerId: UserId,
  friends: readonly Item<"friend">[],
  call: CallOptions,
) {
  const ids = friends.map((friend) => friend.id);
  const [names, presence] = await Promise.all([namesOf(edge, ids), visiblePresence(edge, viewerId, ids, call)]);
  return friends.map((friend) => {
    const { nickname = "", avatar = "" } = names.get(friend.id) ?? {};
    const { isOnline = false, lastSeenMs = 0 } = presence.get(friend.id) ?? {};
    return {
      userId: friend.id,
      nickname,
      avatar,
      remark: friend.remark,
      isStarred: friend.isStarred,
      status: isOnline ? 1 : 0,
      lastActiveTime: lastSeenMs,
      createdAt: friend.sinceMs,
      updatedAt: friend.updatedAtMs,
    };
  });
}

/** The presence of friends who do not hide it. Those never seen need not be asked. */
async function visiblePresence(edge: Edge, viewerId: UserId, ids: readonly string[], call: CallOptions) {
  const presence = await findPresence(edge, ids.slice(0, maxPresenceShown));
  if (presence === undefined) return new Map<string, never>();
  const cards = await inBatches([...presence.keys()], (id) => findCard(edge, id, call, { viewerId }));
  for (const card of cards) if (card?.lastSeen === "nobody") presence.delete(card.userId);
  return presence;
}
