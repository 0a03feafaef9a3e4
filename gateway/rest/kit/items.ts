// Reading the caller's own lists.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { User, type UserItem, type VersionedItem } from "../../../actors/user/contract.ts";
import type { Edge } from "./route.ts";

export type Item<T extends UserItem["type"]> = Extract<VersionedItem, { type: T }>;

/** Items of one type changed at or after `sinceMs` (0: all). `full`: deletions since `sinceMs` are not all known. */
export async function itemsOf<T extends UserItem["type"]>(
  edge: Edge,
  userId: UserId,
  type: T,
  sinceMs: number,
  call: CallOptions,
): Promise<{ items: Item<T>[]; full: boolean }> {
  const since = sinceMs > 0 ? { sinceVersion: 0, sinceMs } : { sinceVersion: 0 };
  const { items, full } = await edge.actors.get(User, userId).items({ ...since, types: [type] }, call);
  return { items: items.filter((item): item is Item<T> => item.type === type), full: full || sinceMs === 0 };
}

export function splitItems<I extends VersionedItem>(items: readonly I[]): { live: I[]; deletedIds: string[] } {
  return {
    live: items.filter((item) => !item.deleted),
    deletedIds: items.filter((item) => item.deleted).map((item) => item.id),
  };
}

/** The `lastUpdateTime` of the next request. Inclusive: a change of the same ms is answered twice, and never lost. */
export function updateTimeOf(items: readonly { updatedAtMs: number }[], sinceMs: number): number {
  return items.reduce((latest, item) => Math.max(latest, item.updatedAtMs), sinceMs);
}
