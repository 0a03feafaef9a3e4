// What the terminal client reads of the protocol.

export interface Frame {
  type: string;
  msgId?: string;
  code?: number;
  codeStr?: string;
  message?: string;
  timestamp?: number;
  data?: Record<string, unknown>;
}
export interface WireMessage {
  messageId: string;
  clientMsgId?: string;
  sessionId: string;
  senderId: string;
  senderName: string;
  contentType: string;
  content: unknown;
  timestamp: number;
  seq: number;
  version: number;
  status?: string;
}
export interface WireSession {
  sessionId: string;
  sessionType: "single" | "group" | "system";
  name: string;
  /** The other user of a pair. */
  userId?: string;
  groupId?: string;
  unreadCount: number;
  seq: number;
  version: number;
  lastMessage: { content: string; timestamp: number } | null;
}
export interface WireFriend {
  userId: string;
  nickname: string;
  remark: string;
  /** 1 = online. */
  status: number;
}
export interface WireRequest {
  requestId: string;
  userId: string;
  nickname: string;
  message: string;
}
export type WireChange =
  | {
      type: "conversation";
      sessionId: string;
      fromVersion: number;
      version: number;
      seq: number;
      full: boolean;
      messages: WireMessage[];
      changes: ({ version: number; type: string } & Record<string, unknown>)[];
    }
  | { type: "conversation_left"; sessionId: string }
  | { type: "user"; version: number };
export interface WireSync {
  changes: WireChange[];
  vector: { userVersion: number; conversations: Record<string, number> };
  hasMore: boolean;
  storeId: string;
}

export function textOf(content: unknown, contentType: string): string {
  if (typeof content === "string") return content;
  const text = typeof content === "object" && content !== null && "text" in content ? content.text : undefined;
  return typeof text === "string" ? text : `[${contentType}]`;
}
