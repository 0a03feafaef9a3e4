// What a conversation decides. Events are self-contained: what users are told and which rows follow needs no state but
// the targets. Their shape is part of the log's format: fields are added, never renamed.

import type { MessageId, UserId } from "../../shared/ids.ts";
import type { SendOptions } from "../../shared/message.ts";
import type { GroupEvent } from "./group-events.ts";
import type { FriendshipEvent } from "./pair-events.ts";
import type { Versioned } from "./versioned.ts";

export interface Sent extends SendOptions {
  type: "sent";
  messageId: MessageId;
  seq: number;
  version: number;
  /** Counted messages up to this one. */
  countSeq: number;
  bucket: number;
  /** The first message of its bucket. */
  opensBucket?: true;
  senderId: UserId;
  senderName: string;
  senderAvatar: string;
  clientMsgId: string;
  /** Of the payload: tells a retry from another message under the same key (G2). */
  hash: number;
  deviceId?: string;
  contentType: string;
  content: unknown;
}

export interface Edited extends Versioned {
  type: "edited";
  messageId: MessageId;
  seq: number;
  bucket: number;
  contentType: string;
  content: unknown;
  by: UserId;
}

export interface Recalled extends Versioned {
  type: "recalled";
  messageId: MessageId;
  seq: number;
  bucket: number;
  by: UserId;
}

/** Tombstones of burnt and expired messages: the first has `firstVersion`, the next one more, and so on. */
export interface Expired {
  type: "expired";
  firstVersion: number;
  lastSeq: number;
  messages: [seq: number, messageId: MessageId, bucket: number][];
}

/** Pair: one side has read up to `seq`. */
export interface Read extends Versioned {
  type: "read";
  userId: UserId;
  seq: number;
  /** The newest of the other's messages that became read by it. */
  messageIds: MessageId[];
}

/** Pair: a device of one side has got everything up to `seq`. */
export interface Delivered {
  type: "delivered";
  userId: UserId;
  seq: number;
}

/** What the sender of a group message is told of its readers. */
export interface Receipt {
  senderId: UserId;
  messageId: MessageId;
  seq: number;
  /** Who read it last. */
  userId: UserId;
  readCount: number;
}

/** Groups: marks, the receipts told with them, and the senders who are told a little later (once a second at most). */
export interface GroupRead {
  type: "group_read";
  marks: [userId: UserId, seq: number][];
  receipts: Receipt[];
  later: Omit<Receipt, "readCount">[];
}

/** Receipts that had waited. */
export interface ReceiptsTold {
  type: "receipts_told";
  receipts: Receipt[];
  /** Senders whose receipt waits no more: every reader has left. */
  dropped?: UserId[];
}

export type ChatEvent = Sent | Edited | Recalled | Expired | Read | Delivered | GroupRead | ReceiptsTold;

export type ConversationEvent = ChatEvent | FriendshipEvent | GroupEvent;
