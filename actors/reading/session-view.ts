// One entry of the conversation list, from the user's own entry, the head and, where the head is not enough, the conversation
// itself. An entry shows nothing that the same user's history would not show.
import { previewOf } from "../conversation/chat/content.ts";
import { Conversation, type StoredMessage, type Summary } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import { type ConversationId, parseConversationId, type UserId } from "../shared/ids.ts";
import type { ListEntry, VersionedItem } from "../user/contract.ts";
import type { SessionView } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { readRange } from "./rows.ts";
import { type Counts, countFrom, countFromHead, type OwnSide } from "./unread.ts";
import { createView, unlessGone, walkDown, withoutSecrets } from "./view.ts";

export type Entry = ListEntry & Pick<VersionedItem, "version" | "updatedAtMs">;

/** A list entry with the head of its conversation. */
export interface Listed extends OwnSide {
  readonly entry: Entry;
  readonly head: Head;
}

/** How a pair is titled for one of its users: by the other one's remark or name. The head has the title of a chat with a model. */
export interface Title {
  readonly name: string;
  readonly avatar: string;
}

/** A deleted list entry comes back with the next message. */
export function isHidden({ entry, head }: Listed): boolean {
  return entry.hiddenSeq > 0 && head.seq <= entry.hiddenSeq;
}

export function otherUser(conversationId: ConversationId, userId: UserId): UserId | undefined {
  const parsed = parseConversationId(conversationId);
  return parsed?.type === "single" ? parsed.users.find((id) => id !== userId) : undefined;
}

/** Undefined: the user may not see the conversation any more. */
export async function readSession(
  deps: ReadingDeps,
  userId: UserId,
  listed: Listed,
  pairTitle: Title,
): Promise<SessionView | undefined> {
  const { entry } = listed;
  const isGroup = entry.conversationType === "group";
  const fromHead = isGroup ? undefined : countFromHead(userId, listed.head, listed);
  const summary = fromHead ? undefined : await readSummary(deps, userId, entry.id);
  if (!fromHead && !summary) return undefined;
  const head = summary?.head ?? listed.head;
  const counts = fromHead ?? countFrom(summary!, listed);
  const { role, ...title } = summary?.group ?? {
    ...(entry.conversationType === "system" ? { name: "System", avatar: "" } : titleOf(head, pairTitle)),
    role: undefined,
  };
  const last = head.last && head.last.seq >= (summary?.visibleFromSeq ?? 1) ? head.last : undefined;
  const shown = last && (await readShownLast(deps, userId, { ...listed, head }, last));
  return {
    ...{ entry, head, ...title, ...counts },
    ...(role && { role }),
    ...(shown && { last: shown }),
    isHidden: isHidden(listed),
    updatedAtMs: last?.atMs ?? entry.joinedAtMs,
  };
}

function titleOf({ chat }: Head, pairTitle: Title): Title {
  return chat ? { name: chat.title || chat.assistantName, avatar: chat.avatar } : pairTitle;
}

/** Undefined: the user may not see the conversation any more. A head without `seq` is not taken: it is written soon. */
export async function readCounts(
  deps: ReadingDeps,
  userId: UserId,
  listed: Listed,
  seq = 0,
): Promise<Counts | undefined> {
  const fromHead = listed.head.seq < seq ? undefined : countFromHead(userId, listed.head, listed);
  if (fromHead) return fromHead;
  const summary = await readSummary(deps, userId, listed.entry.id);
  return summary && countFrom(summary, listed);
}

function readSummary(deps: ReadingDeps, userId: UserId, conversationId: ConversationId): Promise<Summary | undefined> {
  return unlessGone(deps.actors.get(Conversation, conversationId).summary({ userId }));
}

type Last = NonNullable<Head["last"]>;

/** The newest message that is neither cleared nor deleted for this user, without content when its time is over. */
async function readShownLast(
  deps: ReadingDeps,
  userId: UserId,
  { entry, deleted, head }: Listed,
  last: Last,
): Promise<Last | undefined> {
  if (last.seq <= entry.clearedSeq) return undefined;
  if (deleted.some(({ seq }) => seq === last.seq)) return readLastBelow(deps, userId, { entry, deleted, head });
  const { expireAtMs, ...shown } = last;
  const isOver = expireAtMs !== undefined && expireAtMs <= deps.clock.nowMs();
  return isOver ? { ...shown, contentType: "expired", preview: "" } : shown;
}

/** The newest message is deleted for this user: the rows are read, which only such an entry needs. */
async function readLastBelow(deps: ReadingDeps, userId: UserId, { entry, deleted }: Listed): Promise<Last | undefined> {
  const conversationId = entry.id;
  const window = await unlessGone(deps.actors.get(Conversation, conversationId).window({ userId }));
  if (!window) return undefined;
  const view = createView(deps, { userId, conversationId, window, entry, deleted });
  const seq = walkDown(view, window.head.seq, 1);
  if (seq > window.head.seq || view.deletedSeqs.has(seq)) return undefined;
  const [message] = await readRange(deps, view, seq, seq);
  return message && lastOf(withoutSecrets(view, message));
}

function lastOf({ messageId, seq, senderId, contentType, content, atMs, status }: StoredMessage): Last {
  const facts = { messageId, seq, senderId, atMs };
  if (status === "recalled" || status === "expired") return { ...facts, contentType: status, preview: "" };
  return { ...facts, contentType, preview: previewOf(contentType, content) };
}
