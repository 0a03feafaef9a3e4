// The conversation list: the user's own entries and the heads of their conversations. A conversation is asked only for facts
// that no head holds: a group's name, the viewer's role, and counts that depend on more than the head.

import { DomainError } from "../shared/errors.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { User } from "../user/contract.ts";
import type { Reading, SessionView } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import type { ReadHeads } from "./known-heads.ts";
import { type Entry, isHidden, type Listed, otherUser, readSession, type Title } from "./session-view.ts";

export async function listSessions(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  { userId, sinceMs = 0 }: Parameters<Reading["sessions"]>[0],
): ReturnType<Reading["sessions"]> {
  const updateTimeMs = deps.clock.nowMs() - deps.limits.sessionsOverlapMs;
  const [{ listed, remarks }, gone] = await Promise.all([
    readListed(deps, readHeads, userId),
    sinceMs > 0 ? readGone(deps, userId, sinceMs) : { ids: [], full: true },
  ]);
  const changed = gone.full ? listed : listed.filter(({ changedAtMs }) => changedAtMs >= sinceMs);
  const hidden = sinceMs > 0 ? changed.filter(isHidden).map(({ entry }) => entry.id) : [];
  const shown = changed.filter((each) => !isHidden(each));
  const titles = await readTitles(deps, userId, shown, remarks);
  const views = await mapBounded(shown, deps.limits.maxConcurrentAsks, (each) =>
    readSession(deps, userId, each, titles.get(each.entry.id) ?? noTitle),
  );
  const sessions = views.filter((view) => view !== undefined).sort(byPinAndTime);
  // The user's list may still hold a group that was dissolved, or left, a moment ago.
  const left = sinceMs > 0 ? shown.filter((_, i) => views[i] === undefined).map(({ entry }) => entry.id) : [];
  return { sessions, deletedIds: [...gone.ids, ...hidden, ...left], full: gone.full, updateTimeMs };
}

/** One entry, also when it is hidden. Throws session.not_found. */
export async function findSession(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  { userId, conversationId }: Parameters<Reading["session"]>[0],
): Promise<SessionView> {
  const { entry, deleted, remark } = await deps.actors.get(User, userId).entry({ conversationId });
  const head = entry && (await readHeads(userId, [conversationId])).get(conversationId)?.head;
  if (!entry || !head) throw new DomainError("session.not_found");
  const listed: Listed = { entry, deleted, head };
  const titles = await readTitles(deps, userId, [listed], new Map([[otherUser(conversationId, userId) ?? "", remark]]));
  const view = await readSession(deps, userId, listed, titles.get(conversationId) ?? noTitle);
  if (!view) throw new DomainError("session.not_found");
  return view;
}

/** All entries with their heads, without those of conversations that are gone; and the remarks on friends. */
export async function readListed(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  userId: UserId,
): Promise<{ listed: (Listed & { changedAtMs: number })[]; remarks: Map<UserId, string> }> {
  const types = ["conversation" as const, "friend" as const, "deleted" as const];
  const { items } = await deps.actors.get(User, userId).items({ sinceVersion: 0, types });
  const remarks = new Map<UserId, string>();
  const deleted = new Map<ConversationId, readonly { seq: number }[]>();
  // A deletion changes the preview and the counts, a friend's remark and name change the title of the pair.
  const deletedAtMs = new Map<ConversationId, number>();
  const friendChangedAtMs = new Map<UserId, number>();
  const entries: Entry[] = [];
  for (const item of items) {
    if (item.type === "deleted") deletedAtMs.set(item.id, item.updatedAtMs);
    if (item.type === "friend") friendChangedAtMs.set(item.id, item.updatedAtMs);
    if (item.deleted) continue;
    if (item.type === "friend") remarks.set(item.id, item.remark);
    else if (item.type === "deleted") deleted.set(item.id, item.messages);
    else if (item.type === "conversation") entries.push(item);
  }
  const ids = entries.map(({ id }) => id);
  const heads = await readHeads(userId, ids);
  const listed = entries.flatMap((entry) => {
    const head = heads.get(entry.id)?.head;
    if (!head) return [];
    const others = [deletedAtMs.get(entry.id), friendChangedAtMs.get(otherUser(entry.id, userId) ?? "")];
    const changedAtMs = Math.max(entry.updatedAtMs, head.updatedAtMs, ...others.map((atMs = 0) => atMs));
    return [{ entry, deleted: deleted.get(entry.id) ?? [], head, changedAtMs }];
  });
  return { listed, remarks };
}

/** `full`: deletions that long ago are not all known any more. */
async function readGone(
  deps: ReadingDeps,
  userId: UserId,
  sinceMs: number,
): Promise<{ ids: ConversationId[]; full: boolean }> {
  const types = ["conversation" as const];
  const { items, full } = await deps.actors.get(User, userId).items({ sinceVersion: 0, sinceMs, types });
  return { ids: items.filter(({ deleted }) => deleted).map(({ id }) => id), full };
}

/** Titles of pairs, by conversation: the remark on the other user, else that user's name as of now. */
async function readTitles(
  deps: ReadingDeps,
  userId: UserId,
  listed: readonly Listed[],
  remarks: ReadonlyMap<UserId, string>,
): Promise<Map<ConversationId, Title>> {
  const others = listed.flatMap(({ entry: { id } }) => {
    const otherId = otherUser(id, userId);
    return otherId === undefined ? [] : [{ id, otherId }];
  });
  const cards = await deps.directory.findMany(others.map(({ otherId }) => otherId));
  return new Map(
    others.map(({ id, otherId }) => {
      const { nickname = "", avatar = "" } = cards.get(otherId) ?? {};
      return [id, { name: remarks.get(otherId) || nickname, avatar }];
    }),
  );
}

const noTitle: Title = { name: "", avatar: "" };

function byPinAndTime(a: SessionView, b: SessionView): number {
  if (a.entry.isPinned !== b.entry.isPinned) return a.entry.isPinned ? -1 : 1;
  if (a.entry.isPinned && a.entry.pinnedAtMs !== b.entry.pinnedAtMs) return b.entry.pinnedAtMs - a.entry.pinnedAtMs;
  return byTime(a, b);
}

/** A total order, newest first: entries of one time stand in the order of their ids. */
function byTime(a: SessionPlace, b: SessionPlace): number {
  return b.updatedAtMs - a.updatedAtMs || (a.entry.id < b.entry.id ? -1 : Number(a.entry.id > b.entry.id));
}
type SessionPlace = Pick<SessionView, "updatedAtMs"> & { entry: { id: string } };
