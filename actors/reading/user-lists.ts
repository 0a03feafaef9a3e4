// The user's own part of an answer: the lists as they are now, and their changes since a version.
import type { ConversationId, UserId } from "../shared/ids.ts";
import { type ListEntry, User, type VersionedItem } from "../user/contract.ts";
import { sizeOf } from "./budget.ts";
import type { SyncChange, SyncedItem } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";

export interface UserLists {
  version: number;
  entries: Map<ConversationId, ListEntry>;
  deleted: Map<ConversationId, readonly { seq: number }[]>;
}

export async function readLists(deps: ReadingDeps, userId: UserId): Promise<UserLists> {
  const { version, items } = await deps.actors
    .get(User, userId)
    .items({ sinceVersion: 0, types: ["conversation", "deleted"] });
  const lists: UserLists = { version, entries: new Map(), deleted: new Map() };
  for (const item of items) {
    if (item.deleted) continue;
    if (item.type === "conversation") lists.entries.set(item.id, item);
    else if (item.type === "deleted") lists.deleted.set(item.id, item.messages);
  }
  return lists;
}

type UserDifference = Extract<SyncChange, { type: "user" }>;

/**
 * Items changed after `fromVersion`, cut at a version when they do not fit. After a first part from version 0 the rest is an
 * ordinary difference. When tombstones that the device needs are gone, the lists are answered whole: a part of them would be
 * followed by the whole lists again.
 */
export async function readUserDifference(
  deps: ReadingDeps,
  userId: UserId,
  fromVersion: number,
  maxBytes: number,
): Promise<{ difference: UserDifference; bytes: number; isWhole: boolean }> {
  const answer = await deps.actors.get(User, userId).items({ sinceVersion: fromVersion });
  const full = answer.full || fromVersion === 0;
  const items = full ? answer.items.filter(({ deleted }) => !deleted) : [...answer.items];
  items.sort((a, b) => a.version - b.version);
  const synced = await withFriendNames(deps, items);
  const sizes = synced.map(sizeOf);
  const count = answer.full && fromVersion > 0 ? items.length : countThatFit(items, sizes, maxBytes);
  const isWhole = count === items.length;
  const version = isWhole ? answer.version : items[count]!.version - 1;
  const bytes = sizes.slice(0, count).reduce((total, size) => total + size, 0);
  const difference: UserDifference = { type: "user", fromVersion, version, full, items: synced.slice(0, count) };
  return { difference, bytes, isWhole };
}

async function withFriendNames(deps: ReadingDeps, items: readonly VersionedItem[]): Promise<SyncedItem[]> {
  const friendIds = items.flatMap((item) => (item.type === "friend" && !item.deleted ? [item.id] : []));
  const cards = friendIds.length === 0 ? new Map<UserId, never>() : await deps.directory.findMany(friendIds);
  return items.map((item) => {
    if (item.type !== "friend") return item;
    const { nickname, avatar, ...friend } = item;
    return item.deleted ? friend : { ...friend, ...cards.get(item.id), ...known({ nickname, avatar }) };
  });
}

function known(card: { nickname: string | null; avatar: string | null }): { nickname?: string; avatar?: string } {
  return Object.fromEntries(Object.entries(card).filter(([, value]) => value !== null));
}

/** Items of one version stay together; the first version always fits. */
function countThatFit(items: readonly VersionedItem[], sizes: readonly number[], maxBytes: number): number {
  let bytes = 0;
  for (let i = 0; i < items.length; i += 1) {
    bytes += sizes[i]!;
    if (bytes <= maxBytes) continue;
    const start = items.findIndex(({ version }) => version === items[i]!.version);
    if (start > 0) return start;
  }
  return items.length;
}
