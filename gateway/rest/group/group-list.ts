import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { groupIdOf, type UserId } from "../../../actors/shared/ids.ts";
import { groupOnWire } from "../../wire/group.ts";
import { inBatches } from "../kit/in-batches.ts";
import { itemsOf, updateTimeOf } from "../kit/items.ts";
import type { Edge } from "../kit/route.ts";

/** Groups that changed since (0: all), and the ids of those left. The groups themselves are asked: lists are copies. */
export async function listGroups(edge: Edge, userId: UserId, sinceMs: number, call: CallOptions) {
  const { items } = await itemsOf(edge, userId, "conversation", 0, call);
  const entries = items.filter((item) => item.conversationType === "group");
  const infos = await inBatches(
    entries.filter((item) => !item.deleted),
    (item) => findInfo(edge, item.id, userId, call),
  );
  const groups = infos.filter((info) => info !== undefined).filter((info) => info.updatedAtMs >= sinceMs);
  const left = entries.filter((item) => item.deleted && item.updatedAtMs >= sinceMs && sinceMs > 0);
  return {
    groups: groups.map(groupOnWire),
    total: groups.length,
    deletedIds: left.map((item) => groupIdOf(item.id)),
    updateTime: updateTimeOf([...entries, ...groups], sinceMs),
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
