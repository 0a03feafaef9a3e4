// Events of a conversation. An event holds everything that notifications and rows are made of; the state only adds the
// targets. The shape of events is part of the log's format: fields are added, never renamed.

import type { MessageId, UserId } from "../../shared/ids.ts";
import type { Quote, Reaction, StoredOptions } from "../../shared/message.ts";
import type { AssistantEvent } from "./assistant-events.ts";
import type { GroupEvent } from "./group-events.ts";
import type { FriendshipEvent } from "./pair-events.ts";
import type { Versioned } from "./versioned.ts";

export interface Sent extends StoredOptions {
  type: "sent";
  messageId: MessageId;
  seq: number;
  version: number;
  /** Number of messages up to this one that count as unread. */
  countSeq: number;
  bucket: number;
  /** Set on the first message of a bucket. */
  opensBucket?: true;
  senderId: UserId;
  senderName: string;
  senderAvatar: string;
  clientMsgId: string;
  /** Hash of the payload: tells a retry from another message under the same key (G2). */
  hash: number;
  deviceId?: string;
  contentType: string;
  content: unknown;
  /** The first of the replies that this message gets. */
  replyId?: string;
  /** For the notification alone: set when every member may see the message that this one answers. */
  quote?: Quote;
}

export interface Edited extends Versioned {
  type: "edited";
  messageId: MessageId;
  seq: number;
  bucket: number;
  contentType: string;
  content: unknown;
  by: UserId;
  /** Of the first edit: what was sent, and when. */
  original?: { content: unknown; atMs: number };
  /** Set when the clock stood before the conversation's last edit: the time of that one, so that times rise like versions. */
  editedAtMs?: number;
}

/** The edits of a message: the rows that hold its older texts, until the message goes. */
export interface EditsOf {
  by: UserId;
  versions: readonly number[];
}

export interface Recalled extends Versioned {
  type: "recalled";
  messageId: MessageId;
  seq: number;
  bucket: number;
  by: UserId;
  edits?: EditsOf;
}

/** Tombstones of burnt and expired messages, with consecutive versions from `firstVersion` on. */
export interface Expired {
  type: "expired";
  firstVersion: number;
  lastSeq: number;
  messages: [seq: number, messageId: MessageId, bucket: number, edits?: EditsOf][];
}

export interface Pinned extends Versioned {
  type: "pinned";
  messageId: MessageId;
  seq: number;
  on: boolean;
  by: UserId;
}

/** One tap, whose `reacted` follows within a second. */
export interface Tapped {
  type: "tapped";
  messageId: MessageId;
  seq: number;
  bucket: number;
  userId: UserId;
  emoji: string;
  on: boolean;
}

/** All reactions to a message, after one tap or several. */
export interface Reacted extends Versioned {
  type: "reacted";
  messageId: MessageId;
  seq: number;
  bucket: number;
  reactions: Reaction[];
}

/** Pair: one side has read up to `seq`. */
interface Read extends Versioned {
  type: "read";
  userId: UserId;
  seq: number;
  /** The newest of the other side's messages that became read. */
  messageIds: MessageId[];
}

/** Pair: everything up to `seq` was delivered to a device of one side. */
export interface Delivered {
  type: "delivered";
  userId: UserId;
  seq: number;
}

/** A receipt for the sender of a group message. */
export interface Receipt {
  senderId: UserId;
  messageId: MessageId;
  seq: number;
  /** The latest reader. */
  userId: UserId;
  readCount: number;
}

/** Groups: read marks, the receipts published at once, and those that wait for the second of their sender to end. */
export interface GroupRead {
  type: "group_read";
  marks: [userId: UserId, seq: number][];
  receipts: Receipt[];
  later: Omit<Receipt, "readCount">[];
}

/** Receipts that waited, published now. */
export interface ReceiptsTold {
  type: "receipts_told";
  receipts: Receipt[];
  /** Senders whose receipt waits no more: every reader has left. */
  dropped?: UserId[];
}

type ChatEvent =
  | Sent
  | Edited
  | Recalled
  | Expired
  | Pinned
  | Tapped
  | Reacted
  | Read
  | Delivered
  | GroupRead
  | ReceiptsTold;

export type ConversationEvent = ChatEvent | FriendshipEvent | GroupEvent | AssistantEvent;
