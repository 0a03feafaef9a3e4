// Frames and objects of the protocol, as far as the client reads them.

/** A frame from the server. ERROR and CONNECT_ERROR carry code, codeStr and message. */
export interface ServerFrame {
  readonly type: string;
  readonly msgId?: string;
  readonly timestamp?: number;
  readonly code?: number;
  readonly codeStr?: string;
  readonly message?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface ClientFrame {
  readonly type: string;
  readonly msgId?: string;
  readonly timestamp?: number;
  readonly data?: object;
}

export type ConversationType = "single" | "group" | "system" | "assistant";
type MessageStatus = "sent" | "delivered" | "read" | "recalled" | "expired" | "superseded";

/** What a sender may add to a message. */
interface MessageOptions {
  readonly replyTo?: string;
  readonly mentions?: readonly string[];
  readonly burnAfterReadMs?: number;
  readonly expireAt?: number;
}

/** The message that another one answers, as it was when the server said it. */
export interface Quote {
  readonly messageId: string;
  readonly seq: number;
  readonly senderId: string;
  readonly senderName: string;
  readonly contentType: string;
  /** One line; "" when the message is gone. */
  readonly content: string;
  readonly status?: "recalled" | "expired";
}

export interface Message extends MessageOptions {
  readonly messageId: string;
  readonly clientMsgId?: string;
  readonly sessionId: string;
  readonly sessionType?: ConversationType;
  readonly groupId?: string;
  readonly senderId: string;
  readonly senderName?: string;
  readonly senderAvatar?: string;
  readonly contentType: string;
  /** Null after a recall, and when the message expired. */
  readonly content: unknown;
  readonly timestamp: number;
  /** Position in the conversation: 1, 2, 3 … without a hole. */
  readonly seq: number;
  /** Of the sending; a later change has a version of its own. */
  readonly version: number;
  readonly status?: MessageStatus;
  readonly editedAt?: number;
  readonly quote?: Quote;
  /** Of a forwarded copy: who wrote the original. */
  readonly forwardFrom?: { readonly senderId: string; readonly senderName: string };
  readonly isPinned?: boolean;
  readonly reactions?: readonly Reaction[];
}

export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  /** This user is one of them. */
  readonly mine: boolean;
}

/** What SEND_MESSAGE carries: where to, and what. */
export interface OutgoingMessage extends MessageOptions {
  /** The conversation; or the user or the group, of which the server makes the conversation. */
  readonly sessionId?: string;
  readonly receiverId?: string;
  readonly groupId?: string;
  readonly contentType: string;
  readonly content: unknown;
}

/** SEND_ACK: the message is durable, and has its place. */
export interface SendReceipt {
  readonly msgId: string;
  readonly messageId: string;
  readonly sessionId: string;
  readonly seq: number;
  readonly version: number;
  readonly timestamp: number;
  /** The reply that a model writes to it. */
  readonly replyId?: string;
}

/** A versioned event of a conversation other than a message, as SYNC lists it. */
export interface ConversationEvent {
  readonly type: string;
  readonly version: number;
  readonly timestamp?: number;
  readonly messageId?: string;
  readonly seq?: number;
  readonly userId?: string;
  readonly content?: unknown;
  /** Of "pinned". */
  readonly on?: boolean;
  /** Of "reacted": the first users of each emoji. */
  readonly reactions?: readonly {
    readonly emoji: string;
    readonly count: number;
    readonly userIds: readonly string[];
  }[];
}

export interface ConversationChange {
  readonly type: "conversation";
  readonly sessionId: string;
  readonly sessionType?: ConversationType;
  /** Begins after this version … */
  readonly fromVersion: number;
  /** … and leads to this one, at which `seq` is the last message. */
  readonly version: number;
  readonly seq: number;
  /** True: what is held of the conversation is replaced. */
  readonly full: boolean;
  readonly readSeq?: number;
  readonly unreadCount?: number;
  readonly messages: readonly Message[];
  readonly changes: readonly ConversationEvent[];
}

/** An entry of one of the user's own lists: type "conversation", "friend", "request", "block", "deleted", "call" … */
export interface ListItem {
  readonly type: string;
  readonly id: string;
  /** A tombstone: the entry is gone. */
  readonly deleted?: boolean;
  readonly clearedSeq?: number;
  readonly readSeq?: number;
  readonly mentionSeqs?: readonly number[];
  readonly messages?: readonly { readonly seq: number }[];
}

export interface UserChange {
  readonly type: "user";
  readonly version: number;
  /** True: all lists are replaced. */
  readonly full?: boolean;
  readonly items: readonly ListItem[];
}

export type Change =
  | ConversationChange
  | UserChange
  | { readonly type: "conversation_left"; readonly sessionId: string };

export interface SyncResult {
  readonly changes: readonly Change[];
  readonly hasMore: boolean;
  /** True: everything that is held is replaced. */
  readonly full: boolean;
  readonly storeId: string;
}

/** What a device holds: the server answers SYNC with the difference to it. */
export interface Vector {
  readonly vector: Readonly<Record<string, number>>;
  readonly userVersion: number;
  /** Of the data that the versions belong to; absent before the first SYNC. */
  readonly storeId?: string;
}

/** The text of a message, or its kind in brackets. */
export function textOf(content: unknown, contentType: string): string {
  if (typeof content === "string") return content;
  const text = typeof content === "object" && content !== null && "text" in content ? content.text : undefined;
  return typeof text === "string" ? text : `[${contentType}]`;
}
