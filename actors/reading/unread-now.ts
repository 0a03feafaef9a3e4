// What a user has not read: in all, and in some conversations as of now.
import type { UserId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import type { Reading, UnreadOf } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import type { ReadHeads } from "./known-heads.ts";
import { isHidden, type Listed, readCounts } from "./session-view.ts";
import { readListed } from "./sessions.ts";

export async function countUnreadTotal(deps: ReadingDeps, readHeads: ReadHeads, userId: UserId): Promise<number> {
  return (await countUnread(deps, readHeads, { userId, conversations: [] })).totalUnread;
}

export async function countUnread(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  { userId, conversations: asked }: Parameters<Reading["unread"]>[0],
): ReturnType<Reading["unread"]> {
  const { listed } = await readListed(deps, readHeads, userId);
  const seqs = new Map(asked.map(({ conversationId, seq }) => [conversationId, seq]));
  const isTotalled = (each: Listed) => !each.entry.isMuted && !isHidden(each);
  const counted = listed.filter((each) => isTotalled(each) || seqs.has(each.entry.id));
  const counts = await mapBounded(counted, deps.limits.maxConcurrentAsks, (each) =>
    readCounts(deps, userId, each, seqs.get(each.entry.id)),
  );
  const conversations: UnreadOf[] = [];
  let totalUnread = 0;
  for (const [i, each] of counted.entries()) {
    const count = counts[i];
    if (count === undefined) continue;
    if (isTotalled(each)) totalUnread += count.unreadCount;
    const { id: conversationId, readSeq, readCountSeq } = each.entry;
    if (seqs.has(conversationId)) conversations.push({ conversationId, readSeq, readCountSeq, ...count });
  }
  return { conversations, totalUnread };
}
