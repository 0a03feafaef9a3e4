import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { groupIdOf, type UserId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { groupOnWire } from "../../wire/group.ts";
import { type Item, itemsOf, splitItems, updateTimeOf } from "../kit/items.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import type { Edge } from "../kit/route.ts";

/**
 * Groups of the user that changed at or after `sinceMs` (0: all): joined, or with other facts, members or roles. And the ids
 * of groups left or dissolved since; `full`: what was left that long ago is not known. The groups themselves are asked: the
 * user's list is a copy.
 */
export async function listGroups(edge: Edge, userId: UserId, sinceMs: number, call: CallOptions) {
  const isGroup = (item: Item<"conversation">) => item.conversationType === "group";
  const [all, changed] = await Promise.all([
    itemsOf(edge, userId, "conversation", 0, call),
    sinceMs > 0 ? itemsOf(edge, userId, "conversation", sinceMs, call) : undefined,
  ]);
  const { live } = splitItems(all.items.filter(isGroup));
  const infos = await mapBounded(live, maxActorsAsked, (item) => findInfo(edge, item.id, userId, call));
  const known = live.map((item, i) => ({ item, info: infos[i] }));
  const groups = known.flatMap(({ item, info }) => {
    const isChanged = info && Math.max(item.updatedAtMs, info.updatedAtMs) >= sinceMs;
    return isChanged ? [{ info, remark: item.remark }] : [];
  });
  const tombstones = changed?.items.filter((item) => isGroup(item) && item.deleted) ?? [];
  const gone = changed ? known.filter(({ info }) => info === undefined).map(({ item }) => item) : [];
  return {
    groups: groups.map(({ info, remark }) => groupOnWire(info, remark)),
    total: groups.length,
    deletedIds: [...tombstones, ...gone].map((item) => groupIdOf(item.id)),
    full: changed?.full ?? true,
    updateTime: updateTimeOf([...live, ...tombstones, ...groups.map(({ info }) => info)], sinceMs),
  };
}

/** The list may still hold a group that was just left: then the group no longer answers. */
async function findInfo(edge: Edge, conversationId: string, userId: UserId, call: CallOptions) {
  try {
    return await edge.actors.get(Conversation, conversationId).groupInfo({ userId }, call);
  } catch (error) {
    if (error instanceof DomainError && goneErrors.has(error.error)) return undefined;
    throw error;
  }
}
const goneErrors = new Set(["group.not_member", "group.dissolved", "group.not_found", "session.not_found"]);
