// What the edge asks of the read side.

import type { ConversationChange, MessageRef, Role, StoredMessage } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import type { Vector } from "../session/contract.ts";
import type { ConversationId, MessageId, UserId } from "../shared/ids.ts";
import type { ListEntry, VersionedItem } from "../user/contract.ts";

/** A message as its viewer may see it: recalled and expired ones have no content; deleted and cleared ones are left out. */
export type VisibleMessage = StoredMessage & { viewStatus: "sent" | "delivered" | "read" };

/** One difference. A device applies them in order and ends where a fresh device would be (G6). */
export type SyncChange =
  | {
      type: "conversation";
      conversationId: ConversationId;
      /** The device held this version; 0 = nothing. */
      fromVersion: number;
      /** …and holds this one after applying; `seq` is the conversation's last one at it. */
      version: number;
      seq: number;
      /** As of now, like `readSeq` (own mark) and `unreadCount`, even when later messages follow in the next answer. */
      countSeq: number;
      /** Drop what you have of it: messages below the first one here are fetched by history. */
      full: boolean;
      /** Messages not held yet, by seq, in their present state. */
      messages: VisibleMessage[];
      /** What happened to older messages and to the conversation, by version; of what was overtaken only the last. */
      changes: { version: number; change: ConversationChange }[];
      /** The viewer's mark: messages up to it are read, or not visible to the viewer. */
      readSeq: number;
      /** Messages above `readSeq` that are neither recalled, expired, deleted nor cleared for the viewer. */
      unreadCount: number;
      mentionCount: number;
    }
  | { type: "conversation_left"; conversationId: ConversationId }
  | { type: "user"; fromVersion: number; version: number; full: boolean; items: SyncedItem[] };

/** An item of the user's lists; a friend comes with name and avatar as of now, where the directory knows them. */
export type SyncedItem =
  | VersionedItem
  | (Extract<VersionedItem, { type: "friend" }> & { nickname: string; avatar: string });

export interface SyncResult {
  changes: SyncChange[];
  /** The stamp of the record that journals this progress; 0 when `vector` was given without a device. */
  cursor: number;
  /** The vector after applying all changes. */
  vector: Vector;
  hasMore: boolean;
  /** Nothing older counts: the client's cursor or vector could not be used (unknown, other store). */
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

export interface FoundMessage {
  conversationId: ConversationId;
  message: StoredMessage;
  ref: MessageRef;
}

export interface Reading {
  /**
   * One page of a conversation, filtered for its viewer, ascending by seq in both directions. `startSeq` counts in;
   * 0 = newest (backward) or oldest (forward). The next page starts at first.seq − 1 or last.seq + 1.
   */
  history(input: {
    userId: UserId;
    conversationId: ConversationId;
    startSeq: number;
    limit: number;
    direction: "forward" | "backward";
  }): Promise<{ messages: VisibleMessage[]; hasMore: boolean }>;
  /**
   * What happened after `fromVersion`, up to now, for a gateway that found a gap. `full` with the newest `maxMessages`
   * when it is more than that, or cannot be told.
   */
  difference(input: {
    userId: UserId;
    conversationId: ConversationId;
    fromVersion: number;
    maxMessages: number;
    /** As every member sees it: what only this viewer deleted or cleared is in. For one pull on behalf of a whole room. */
    asEveryMember?: true;
  }): Promise<Extract<SyncChange, { type: "conversation" }>>;
  /**
   * Where a user stands now: the versions of all conversations that are visible to him, and his own version; of them
   * `rooms` travel on one subject per conversation. Heads and his list only, no messages: asked at every connect.
   */
  present(input: { userId: UserId }): Promise<{ vector: Vector; rooms: ConversationId[] }>;
  /** Leads a message id to its facts without a row per message: the shard in the id picks the user's candidates. */
  findMessage(input: { userId: UserId; messageId: MessageId; conversationId?: ConversationId }): Promise<FoundMessage>;
  /** In the order of `messageIds`; throws message.not_found when one of them is not found. */
  findMessages(input: {
    userId: UserId;
    messageIds: readonly MessageId[];
    conversationId?: ConversationId;
  }): Promise<FoundMessage[]>;
  /**
   * The conversation list: pinned ones first, then by last message. With `sinceMs` only what changed since then, and the
   * entries that are gone.
   */
  sessions(input: {
    userId: UserId;
    sinceMs?: number;
  }): Promise<{ sessions: SessionView[]; deletedIds: ConversationId[]; updateTimeMs: number }>;
  /** One entry, also a hidden one. Throws session.not_found. */
  session(input: { userId: UserId; conversationId: ConversationId }): Promise<SessionView>;
  /** Over all entries shown but the muted ones. */
  unreadTotal(input: { userId: UserId }): Promise<number>;
  sync(input: {
    userId: UserId;
    deviceId: string;
    from: { cursor: number } | { vector: Vector; storeId?: string };
    maxMessages: number;
    maxBytes: number;
    /** For a client that only walks forward: every visible message, oldest first, where else the newest ones are enough. */
    everyMessage?: true;
  }): Promise<SyncResult>;
  /**
   * Newest first within a conversation, conversations by last activity. A page may be short, even empty, with a cursor:
   * go on with it. A conversation with news since the search began comes last, and may be answered twice.
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
