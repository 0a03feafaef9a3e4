import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import { type ConversationId, conversationTypeOf } from "../../actors/shared/ids.ts";
import { without } from "../../actors/shared/without.ts";
import type { Place, WireMessage } from "./shapes/message.ts";

/** Fields that have another name on the wire, or none. */
const storedOnly = [
  ...(["conversationId", "bucket", "atMs", "status", "viewStatus", "editedAtMs", "expireAtMs"] as const),
] as const satisfies (keyof VisibleMessage)[];

type ViewStatus = VisibleMessage["viewStatus"];

/** A message as every frame and every answer shows it; optional fields pass through as they are. */
export function messageOnWire(message: StoredMessage & { viewStatus?: ViewStatus }): WireMessage {
  const { conversationId, atMs, status, viewStatus = "sent", editedAtMs, expireAtMs } = message;
  const shown: WireMessage = Object.assign(without(message, storedOnly), addressOnWire(conversationId), {
    timestamp: atMs,
    status: statusOnWire(status, viewStatus),
  });
  if (editedAtMs !== undefined) shown.editedAt = editedAtMs;
  if (expireAtMs !== undefined) shown.expireAt = expireAtMs;
  return shown;
}

/** `sessionId`, `sessionType`, and `groupId` for a group. */
export function addressOnWire(conversationId: ConversationId): Place {
  const sessionType = conversationTypeOf(conversationId);
  if (sessionType !== "group") return { sessionId: conversationId, sessionType };
  return { sessionId: conversationId, sessionType, groupId: conversationId.slice("g_".length) };
}

/** The status on the wire; edited messages are marked by `editedAt`. */
function statusOnWire(status: StoredMessage["status"], viewStatus: ViewStatus): WireMessage["status"] {
  return status === "recalled" || status === "expired" ? status : viewStatus;
}
