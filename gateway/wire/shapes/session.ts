import { count, flag, id, ids, list, nullable, object, optional, text, time, type ValueOf } from "./fields.ts";
import { role } from "./group.ts";
import { address, assistantId, chatTitle, name, placeProps, senderId } from "./message.ts";

/** The newest message of a conversation, as the list shows it: `content` is one line of text. */
const lastMessageShape = object(
  {
    messageId: id,
    seq: count(),
    senderId,
    contentType: text(64),
    content: text(400),
    timestamp: time,
  },
  "LastMessage",
);

/** An entry of the conversation list. */
export const sessionShape = object(
  {
    ...placeProps,
    /** Of a chat its title, which is the longest of the names. */
    name: chatTitle,
    avatar: address,
    lastMessage: nullable(lastMessageShape),
    unreadCount: count(),
    mentionCount: count(),
    isPinned: flag,
    pinnedAt: count("ms since 1970; 0: not pinned"),
    isMuted: flag,
    seq: count(),
    version: count(),
    readSeq: count(),
    updatedAt: time,
    userId: optional(id),
    myRole: optional(role),
    /** Of a group: the caller's own name for it. */
    remark: optional(name),
    assistantId: optional(assistantId),
  },
  "Session",
);
export type WireSession = ValueOf<typeof sessionShape>;

/** The answer for an opened conversation that is not in the caller's list yet. */
export const openedSessionShape = object({
  ...placeProps,
  lastMessage: nullable(lastMessageShape),
  unreadCount: count(),
});

export const sessionListShape = object({
  sessions: list(sessionShape),
  total: count(),
  hasMore: flag,
  nextCursor: nullable(text(64)),
  deletedIds: ids,
  full: flag,
  updateTime: time,
});
export const unreadTotalShape = object({ totalUnread: count(), total: count() });
