import type { StoredMessage } from "../conversation/contract.ts";
import type { Reading, VisibleMessage } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { readRange } from "./rows.ts";
import { canSee, openView, show, type View, walkDown, walkUp } from "./view.ts";

/** A page begins at `startSeq` and goes down or up by seq, so messages that arrive meanwhile do not move it. */
export async function readHistory(
  deps: ReadingDeps,
  input: Parameters<Reading["history"]>[0],
): Promise<{ messages: VisibleMessage[]; hasMore: boolean }> {
  const view = await openView(deps, input.userId, input.conversationId, input.withVersions);
  const limit = Math.max(1, Math.min(input.limit, deps.limits.maxPageMessages));
  const { fromSeq, toSeq, hasMore } = decidePage(view, input, limit);
  if (fromSeq > toSeq) return { messages: [], hasMore: false };
  const stored = (await readRange(deps, view, fromSeq, toSeq)).filter(({ seq }) => canSee(view, seq));
  const named = await withNames(deps, stored);
  return { messages: named.map((message) => show(view, message)), hasMore };
}

function decidePage(
  view: View,
  { startSeq, direction }: { startSeq: number; direction: "forward" | "backward" },
  limit: number,
): { fromSeq: number; toSeq: number; hasMore: boolean } {
  const { seq: lastSeq } = view.window.head;
  if (direction === "backward") {
    const toSeq = startSeq > 0 ? Math.min(startSeq, lastSeq) : lastSeq;
    const fromSeq = walkDown(view, toSeq, limit);
    const nextSeq = walkDown(view, fromSeq - 1, 1);
    return { fromSeq, toSeq, hasMore: nextSeq < fromSeq && canSee(view, nextSeq) };
  }
  const fromSeq = Math.max(startSeq, view.fromSeq);
  const toSeq = walkUp(view, fromSeq, limit);
  const nextSeq = walkUp(view, toSeq + 1, 1);
  return { fromSeq, toSeq, hasMore: nextSeq > toSeq && canSee(view, nextSeq) };
}

/** With the senders' names as of now; a sender whom the directory does not know keeps the name from the time of sending. */
export async function withNames(deps: ReadingDeps, messages: readonly StoredMessage[]): Promise<StoredMessage[]> {
  const userIds = [...new Set(messages.map(({ senderId }) => senderId))];
  if (userIds.length === 0) return [];
  const names = await deps.directory.findMany(userIds);
  return messages.map((message) => {
    const card = names.get(message.senderId);
    return card ? { ...message, senderName: card.nickname, senderAvatar: card.avatar } : message;
  });
}
