import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import { type ConversationId, parseConversationId } from "../../actors/shared/ids.ts";

/** A message as history, search and sync show it. */
export function messageOnWire(message: StoredMessage | VisibleMessage): Record<string, unknown> {
  const plain: Record<string, unknown> = {
    messageId: message.messageId,
    clientMsgId: message.clientMsgId,
    ...addressOnWire(message.conversationId),
    senderId: message.senderId,
    senderName: message.senderName,
    senderAvatar: message.senderAvatar,
    contentType: message.contentType,
    content: message.content,
    timestamp: message.atMs,
    seq: message.seq,
    version: message.version,
    status: statusOnWire(message),
  };
  if (message.status === "edited") plain.editedAt = message.editedAtMs;
  if (message.replyTo !== undefined) plain.replyTo = message.replyTo;
  if (message.mentions !== undefined) plain.mentions = message.mentions;
  if (message.burnAfterReadMs !== undefined) plain.burnAfterReadMs = message.burnAfterReadMs;
  if (message.expireAtMs !== undefined) plain.expireAt = message.expireAtMs;
  return plain;
}

/** `sessionId`, `sessionType`, and the group's own id where there is one. */
export function addressOnWire(conversationId: ConversationId): Record<string, string> {
  const parsed = parseConversationId(conversationId);
  const address = { sessionId: conversationId, sessionType: parsed?.type ?? "single" };
  return parsed?.type === "group" ? { ...address, groupId: parsed.groupId } : address;
}

/** The seed's sent/delivered/read for a message as it was sent; `edited` ones tell by `editedAt`. */
function statusOnWire(message: StoredMessage | VisibleMessage): string {
  if (message.status === "recalled" || message.status === "expired") return message.status;
  return "viewStatus" in message ? message.viewStatus : "sent";
}
