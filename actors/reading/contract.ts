// The read side, as the gateway calls it.

import type { ConversationChange, MessageRef, PlacedMessage, Role, StoredMessage } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import type { Vector } from "../session/contract.ts";
import type { ConversationId, MessageId, UserId } from "../shared/ids.ts";
import type { ListEntry, VersionedItem } from "../user/contract.ts";

/** A message as its viewer may see it: without content when recalled or expired. Deleted and cleared messages are left out. */
export type VisibleMessage = Omit<StoredMessage, "reactedBy"> & {
  viewStatus: "sent" | "delivered" | "read";
  isPinned: boolean;
  reactions: readonly ShownReaction[];
};
/** `mine`: the viewer is one of those `count` users. */
export interface ShownReaction {
  emoji: string;
  count: number;
  mine: boolean;
}

export interface PinnedView {
  message: VisibleMessage;
  by: UserId;
  atMs: number;
}

/** One difference. A device applies them in order and ends where a fresh device would be (G6). */
export type SyncChange =
  | {
      type: "conversation";
      conversationId: ConversationId;
      /** The device held this version; 0 = nothing. */
      fromVersion: number;
      /** The version that the device holds after applying the change; `seq` is the conversation's last seq at that version. */
      version: number;
      seq: number;
      /** As of now, like `readSeq` and the counts below, also when later messages follow in the next answer. */
      countSeq: number;
      /** The device drops what it holds of the conversation; messages below the first one here are fetched by history. */
      full: boolean;
      /** Messages that the device does not hold yet, by seq, in their present state. */
      messages: VisibleMessage[];
      /** Changes of older messages and of the conversation, by version; of several changes of one message only the last. */
      changes: { version: number; change: ConversationChange }[];
      /** The viewer's mark: messages up to it are read, or not visible to the viewer. */
      readSeq: number;
      /**
       * Of a pair: the other user's mark. A device cannot derive it from the messages alone: sending moves the mark, too, and
       * the viewer may have deleted that message before the device got it.
       */
      otherReadSeq?: number;
      /** Messages above `readSeq` that are neither recalled, expired, deleted nor cleared for the viewer. */
      unreadCount: number;
      mentionCount: number;
    }
  | { type: "conversation_left"; conversationId: ConversationId }
  | { type: "user"; fromVersion: number; version: number; full: boolean; items: SyncedItem[] };

/** An item of the user's lists; a friend comes with name and avatar, where the directory knows them. */
export type SyncedItem =
  | Exclude<VersionedItem, { type: "friend" }>
  | (Omit<Extract<VersionedItem, { type: "friend" }>, "nickname" | "avatar"> & { nickname?: string; avatar?: string });

export interface SyncResult {
  changes: SyncChange[];
  /** The stamp of the record that journals this progress; 0 when `vector` was given without a device. */
  cursor: number;
  /** The vector after applying all changes. */
  vector: Vector;
  hasMore: boolean;
  /** The client's cursor or vector could not be used (unknown, or of another store): the device drops what it holds. */
  full: boolean;
  storeId: string;
}

export interface SessionView {
  entry: ListEntry;
  head: Head;
  role?: Role;
  /** Messages above the viewer's read mark that are neither recalled, expired, deleted nor cleared for the viewer. */
  unreadCount: number;
  /** Those of them that mention the viewer. */
  mentionCount: number;
  /** The newest message that the viewer may see. */
  last?: NonNullable<Head["last"]>;
  /** The list entry was deleted, and no message came since. */
  isHidden: boolean;
  /** Group name and avatar, or the other user's (remark first). */
  name: string;
  avatar: string;
  updatedAtMs: number;
}

/** What one user has not read of a conversation. */
export interface UnreadOf {
  conversationId: ConversationId;
  readSeq: number;
  readCountSeq: number;
  unreadCount: number;
  mentionCount: number;
}

export interface FoundMessage {
  conversationId: ConversationId;
  message: StoredMessage;
  ref: MessageRef;
}

export interface Reading {
  /**
   * One page of a conversation, filtered for its viewer, ascending by seq in both directions. The page includes `startSeq`;
   * 0 = the newest message (backward) or the oldest (forward). The next page starts at first.seq − 1 or last.seq + 1.
   */
  history(input: {
    userId: UserId;
    conversationId: ConversationId;
    startSeq: number;
    limit: number;
    direction: "forward" | "backward";
    /** Also answers that have a newer version; their status is "superseded". */
    withVersions?: true;
  }): Promise<{ messages: VisibleMessage[]; hasMore: boolean }>;
  /**
   * The contents that a message had, oldest first: the original, its edits. Throws like `findMessage`, and message.recalled
   * for a message that is gone.
   */
  edits(input: {
    userId: UserId;
    messageId: MessageId;
    conversationId?: ConversationId;
  }): Promise<{ content: unknown; atMs: number }[]>;
  /** The pinned messages that the viewer may see, the newest pin first. */
  pins(input: { userId: UserId; conversationId: ConversationId }): Promise<PinnedView[]>;
  /**
   * The message with this id between its neighbours: up to `before` and `after` of them, ascending by seq. Throws
   * message.not_found when the viewer may not see it; a recalled one stands in its place.
   */
  context(input: {
    userId: UserId;
    messageId: MessageId;
    conversationId?: ConversationId;
    before: number;
    after: number;
  }): Promise<{ conversationId: ConversationId; messages: VisibleMessage[]; hasBefore: boolean; hasAfter: boolean }>;
  /**
   * What happened after `fromVersion`, up to now, for a gateway that found a gap. `full` with the newest `maxMessages`
   * when more than that happened, or when the difference cannot be computed.
   */
  difference(input: {
    userId: UserId;
    conversationId: ConversationId;
    fromVersion: number;
    maxMessages: number;
    /** As all members see it, with messages that this viewer deleted or cleared. For one pull for all members at a gateway. */
    asEveryMember?: true;
  }): Promise<Extract<SyncChange, { type: "conversation" }>>;
  /**
   * The versions of all conversations that the user may see, and of the user's own lists. The events of `rooms` travel on
   * one subject per conversation. Reads heads and the user's list, no messages: every connect asks for this.
   */
  present(input: { userId: UserId }): Promise<{ vector: Vector; rooms: ConversationId[] }>;
  /** The message with this id. No row maps ids to messages: the shard in the id leaves few conversations of the user. */
  findMessage(input: { userId: UserId; messageId: MessageId; conversationId?: ConversationId }): Promise<FoundMessage>;
  /** Where the message is, and its reactions, for a tap on it: from the conversation alone where that knows the message. */
  place(input: {
    userId: UserId;
    messageId: MessageId;
    conversationId?: ConversationId;
  }): Promise<{ conversationId: ConversationId; place: PlacedMessage }>;
  /** In the order of `messageIds`; throws message.not_found when one of them is not found. */
  findMessages(input: {
    userId: UserId;
    messageIds: readonly MessageId[];
    conversationId?: ConversationId;
  }): Promise<FoundMessage[]>;
  /**
   * The conversation list: pinned entries first, then by last message. With `sinceMs` only entries changed since then, and
   * the ids of entries that are gone; or the whole list (`full`) when what is gone since then is not all known any more.
   */
  sessions(input: {
    userId: UserId;
    sinceMs?: number;
  }): Promise<{ sessions: SessionView[]; deletedIds: ConversationId[]; full: boolean; updateTimeMs: number }>;
  /** One entry, also when it is hidden. Throws session.not_found. */
  session(input: { userId: UserId; conversationId: ConversationId }): Promise<SessionView>;
  /**
   * What is unread in these conversations, and in all entries that are neither hidden nor muted. `seq`: the conversation
   * has this message, whether or not its head shows it yet. Conversations that the user left are not answered.
   */
  unread(input: {
    userId: UserId;
    conversations: readonly { conversationId: ConversationId; seq: number }[];
  }): Promise<{ conversations: UnreadOf[]; totalUnread: number }>;
  /** The unread messages of all entries that are neither hidden nor muted. */
  unreadTotal(input: { userId: UserId }): Promise<number>;
  sync(input: {
    userId: UserId;
    deviceId: string;
    from: { cursor: number } | { vector: Vector; storeId?: string };
    maxMessages: number;
    maxBytes: number;
    /** Every visible message, oldest first, for a client that only walks forward; otherwise the newest messages may do. */
    everyMessage?: true;
  }): Promise<SyncResult>;
  /**
   * Newest first within a conversation, conversations by last activity. A page with a cursor may be short, even empty: the
   * search goes on at the cursor. A conversation with messages newer than the search comes last, and may be answered twice.
   */
  search(input: {
    userId: UserId;
    query: string;
    conversationId?: ConversationId;
    senderId?: UserId;
    contentType?: string;
    fromMs?: number;
    toMs?: number;
    limit: number;
    /** Of the answer as JSON; the first message always fits. */
    maxBytes?: number;
    cursor?: string;
  }): Promise<{ messages: VisibleMessage[]; cursor?: string }>;
}
