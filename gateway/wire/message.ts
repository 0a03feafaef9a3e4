import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import { type ConversationId, parseConversationId } from "../../actors/shared/ids.ts";

/** A message as every frame and every answer shows it; optional fields pass through as they are. */
export function messageOnWire(message: StoredMessage | VisibleMessage): Record<string, unknown> {
  const { conversationId, bucket: _, atMs, editedAtMs, expireAtMs, ...plain } = message;
  const shown: Record<string, unknown> = { ...addressOnWire(conversationId), ...plain, timestamp: atMs };
  delete shown.viewStatus;
  shown.status = statusOnWire(message);
  if (editedAtMs !== undefined) shown.editedAt = editedAtMs;
  if (expireAtMs !== undefined) shown.expireAt = expireAtMs;
  return shown;
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
