import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import { type ConversationId, parseConversationId } from "../../actors/shared/ids.ts";
import type { Place, WireMessage } from "./shapes/message.ts";

type ViewStatus = VisibleMessage["viewStatus"];

/** A message as every frame and every answer shows it; optional fields pass through as they are. */
export function messageOnWire(message: StoredMessage & { viewStatus?: ViewStatus }): WireMessage {
  const { conversationId, bucket: _, atMs, status, viewStatus = "sent", editedAtMs, expireAtMs, ...plain } = message;
  const address = addressOnWire(conversationId);
  const shown: WireMessage = { ...address, ...plain, timestamp: atMs, status: statusOnWire(status, viewStatus) };
  if (editedAtMs !== undefined) shown.editedAt = editedAtMs;
  if (expireAtMs !== undefined) shown.expireAt = expireAtMs;
  return shown;
}

/** `sessionId`, `sessionType`, and `groupId` for a group. */
export function addressOnWire(conversationId: ConversationId): Place {
  const parsed = parseConversationId(conversationId);
  const address: Place = { sessionId: conversationId, sessionType: parsed?.type ?? "single" };
  return parsed?.type === "group" ? { ...address, groupId: parsed.groupId } : address;
}

/** The status on the wire; edited messages are marked by `editedAt`. */
function statusOnWire(status: StoredMessage["status"], viewStatus: ViewStatus): WireMessage["status"] {
  return status === "recalled" || status === "expired" ? status : viewStatus;
}
