// The conversation list: the user's own entries, with what the heads say of each conversation. Actors are asked only for
// what no head holds: a group's name, the viewer's role, and his own mark in a group where something seems unread.
import { Conversation, type GroupInfo } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import { type ConversationId, parseConversationId, type UserId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { type ListEntry, User, type VersionedItem } from "../user/contract.ts";
import type { Reading, SessionView } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import type { ReadHeads } from "./known-heads.ts";
import { countUnread } from "./unread.ts";
import { unlessGone } from "./view.ts";

type Entry = ListEntry & Pick<VersionedItem, "version" | "updatedAtMs">;
interface Known {
  entry: Entry;
  head: Head;
}

export async function listSessions(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  { userId, sinceMs = 0 }: Parameters<Reading["sessions"]>[0],
): ReturnType<Reading["sessions"]> {
  const updateTimeMs = deps.clock.nowMs() - deps.limits.sessionsOverlapMs;
  const user = deps.actors.get(User, userId);
  const [{ items }, gone] = await Promise.all([
    user.items({ sinceVersion: 0, types: ["conversation", "friend"] }),
    sinceMs > 0 ? user.items({ sinceVersion: 0, sinceMs, types: ["conversation"] }) : undefined,
  ]);
  const deletedIds = (gone?.items ?? []).filter(({ deleted }) => deleted).map(({ id }) => id);
  const remarks = new Map<UserId, string>();
  const entries: Entry[] = [];
  for (const item of items) {
    if (item.deleted) continue;
    if (item.type === "friend") remarks.set(item.id, item.remark);
    else if (item.type === "conversation") entries.push(item);
  }
  const changed = (await withHeads(readHeads, userId, entries)).filter((known) => changedAtMs(known) >= sinceMs);
  const hidden = sinceMs > 0 ? changed.filter(isHidden).map(({ entry }) => entry.id) : [];
  const shown = changed.filter((known) => !isHidden(known));
  const cards = await deps.directory.findMany(shown.flatMap(({ entry }) => otherUser(entry.id, userId) ?? []));
  const views = await mapBounded(shown, deps.limits.maxConcurrentAsks, async (known) => {
    const otherId = otherUser(known.entry.id, userId);
    if (otherId === undefined) return viewOfGroup(deps, userId, known);
    const card = cards.get(otherId);
    const name = remarks.get(otherId) || (card?.nickname ?? "");
    return viewOf(userId, known, { name, avatar: card?.avatar ?? "" });
  });
  const sessions = views.filter((view) => view !== undefined).sort(byPinAndTime);
  const dissolved = sinceMs > 0 ? shown.filter((_, i) => views[i] === undefined).map(({ entry }) => entry.id) : [];
  return { sessions, deletedIds: [...deletedIds, ...hidden, ...dissolved], updateTimeMs };
}

export async function countUnreadTotal(deps: ReadingDeps, readHeads: ReadHeads, userId: UserId): Promise<number> {
  const { items } = await deps.actors.get(User, userId).items({ sinceVersion: 0, types: ["conversation"] });
  const entries = items.filter((item): item is Entry & { type: "conversation" } => {
    return item.type === "conversation" && !item.deleted && !item.isMuted;
  });
  const shown = (await withHeads(readHeads, userId, entries)).filter((known) => !isHidden(known));
  const counts = await mapBounded(shown, deps.limits.maxConcurrentAsks, (known) => unreadOf(deps, userId, known));
  return counts.reduce((total, count) => total + count, 0);
}

/** Entries with their heads; those of conversations that are gone are left out. */
async function withHeads(readHeads: ReadHeads, userId: UserId, entries: readonly Entry[]): Promise<Known[]> {
  const ids = entries.map(({ id }) => id);
  const heads = await readHeads(userId, ids);
  return entries.flatMap((entry) => {
    const head = heads.get(entry.id)?.head;
    return head ? [{ entry, head }] : [];
  });
}

/** A deleted list entry comes back with the next message. */
function isHidden({ entry, head }: Known): boolean {
  return entry.hiddenSeq > 0 && head.seq <= entry.hiddenSeq;
}

function changedAtMs({ entry, head }: Known): number {
  return Math.max(entry.updatedAtMs, head.updatedAtMs);
}

function byPinAndTime(a: SessionView, b: SessionView): number {
  if (a.entry.isPinned !== b.entry.isPinned) return a.entry.isPinned ? -1 : 1;
  if (a.entry.isPinned && a.entry.pinnedAtMs !== b.entry.pinnedAtMs) return b.entry.pinnedAtMs - a.entry.pinnedAtMs;
  return b.updatedAtMs - a.updatedAtMs;
}

async function viewOfGroup(deps: ReadingDeps, userId: UserId, known: Known): Promise<SessionView | undefined> {
  const { id, conversationType } = known.entry;
  if (conversationType !== "group") return viewOf(userId, known, { name: "System", avatar: "" });
  const [info, unreadCount] = await Promise.all([
    unlessGone(deps.actors.get(Conversation, id).groupInfo({ userId })),
    unreadOf(deps, userId, known),
  ]);
  return info && viewOf(userId, known, { ...titleOf(info), unreadCount });
}

function titleOf({ name, avatar, myRole }: GroupInfo) {
  return { name, avatar, role: myRole };
}

function viewOf(
  userId: UserId,
  { entry, head }: Known,
  of: Pick<SessionView, "name" | "avatar" | "role"> & { unreadCount?: number },
): SessionView {
  return {
    entry,
    head,
    ...(of.role && { role: of.role }),
    unreadCount: of.unreadCount ?? countUnread({ userId, head, entry }),
    name: of.name,
    avatar: of.avatar,
    updatedAtMs: head.last?.atMs ?? entry.joinedAtMs,
  };
}

async function unreadOf(deps: ReadingDeps, userId: UserId, { entry, head }: Known): Promise<number> {
  const unreadCount = countUnread({ userId, head, entry });
  if (unreadCount === 0 || entry.conversationType !== "group") return unreadCount;
  // The group alone knows of own sends and of where the member joined.
  const window = await unlessGone(deps.actors.get(Conversation, entry.id).window({ userId }));
  return window ? countUnread({ userId, head: window.head, entry, window }) : 0;
}

function otherUser(conversationId: ConversationId, userId: UserId): UserId | undefined {
  const parsed = parseConversationId(conversationId);
  return parsed?.type === "single" ? parsed.users.find((id) => id !== userId) : undefined;
}
