import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { findPresence } from "../../kit/known-presence.ts";
import { userInfoOf } from "../../wire/user.ts";
import { type Item, itemsOf, splitItems } from "../kit/items.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import { namesOf } from "../kit/names.ts";
import type { Edge } from "../kit/route.ts";
import { findCard } from "./find-users.ts";

const maxPresenceShown = 500; // friends beyond it are listed as offline: presence is best effort, the list is complete

/** Friends of `viewerId` with their current names and, as far as they show it to the viewer, their presence. */
export async function friendsOnWire(
  edge: Edge,
  viewerId: UserId,
  friends: readonly Item<"friend">[],
  call: CallOptions,
) {
  const ids = friends.map((friend) => friend.id);
  const [names, presence] = await Promise.all([namesOf(edge, ids), visiblePresence(edge, viewerId, ids, call)]);
  return friends.map((friend) => {
    const known = names.get(friend.id);
    const { isOnline = false, lastSeenMs = 0 } = presence.get(friend.id) ?? {};
    return {
      userId: friend.id,
      nickname: friend.nickname ?? known?.nickname ?? "",
      avatar: friend.avatar ?? known?.avatar ?? "",
      remark: friend.remark,
      isStarred: friend.isStarred,
      groupIds: friend.groupIds,
      status: isOnline ? 1 : 0,
      lastActiveTime: lastSeenMs,
      createdAt: friend.sinceMs,
      updatedAt: friend.updatedAtMs,
    };
  });
}

/** The presence of friends who do not hide it. Friends that were never seen are not asked for. */
async function visiblePresence(edge: Edge, viewerId: UserId, ids: readonly string[], call: CallOptions) {
  const presence = await findPresence(edge, ids.slice(0, maxPresenceShown));
  if (presence === undefined) return new Map<string, never>();
  const cards = await mapBounded([...presence.keys()], maxActorsAsked, (id) => findCard(edge, id, call, { viewerId }));
  for (const card of cards) if (card?.lastSeen === "nobody") presence.delete(card.userId);
  return presence;
}

/** The users whom `userId` has blocked. */
export async function blacklistOf(edge: Edge, userId: UserId, call: CallOptions) {
  const { live } = splitItems((await itemsOf(edge, userId, "block", 0, call)).items);
  const names = await namesOf(
    edge,
    live.map(({ id }) => id),
  );
  return live.map(({ id, blockedAtMs }) => ({ ...userInfoOf(names, id), blockedAt: blockedAtMs }));
}
