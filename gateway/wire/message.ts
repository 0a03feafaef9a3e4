import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import { type ConversationId, conversationTypeOf, groupIdWithin } from "../../actors/shared/ids.ts";
import { withOptions } from "../../actors/shared/message.ts";
import type { Place, WireMessage } from "./shapes/message.ts";

type ViewStatus = VisibleMessage["viewStatus"];

/** A message as every frame and every answer shows it. Field by field: a rest pattern costs several times as much. */
export function messageOnWire(
  message: StoredMessage & Partial<Pick<VisibleMessage, "viewStatus" | "isPinned" | "reactions">>,
): WireMessage {
  const { messageId, conversationId, seq, version, senderId, senderName, senderAvatar, clientMsgId } = message;
  const { contentType, content, atMs, status, viewStatus = "sent", editedAtMs, expireAtMs } = message;
  const shown: WireMessage = {
    ...addressOnWire(conversationId),
    messageId,
    seq,
    version,
    senderId,
    senderName,
    senderAvatar,
    clientMsgId,
    contentType,
    content,
    timestamp: atMs,
    status: statusOnWire(status, viewStatus),
  };
  if (editedAtMs !== undefined) shown.editedAt = editedAtMs;
  if (message.quote !== undefined) shown.quote = message.quote;
  if (message.forwardFrom !== undefined) shown.forwardFrom = message.forwardFrom;
  const { isPinned, reactions } = message;
  if (isPinned !== undefined) shown.isPinned = isPinned;
  if (reactions !== undefined) shown.reactions = reactions as WireMessage["reactions"];
  if (expireAtMs === undefined) return withOptions(shown, message);
  shown.expireAt = expireAtMs;
  return withOptions(shown, { ...message, expireAtMs: undefined });
}

/** `sessionId`, `sessionType`, and `groupId` for a group. */
export function addressOnWire(conversationId: ConversationId): Place {
  const sessionType = conversationTypeOf(conversationId);
  if (sessionType !== "group") return { sessionId: conversationId, sessionType };
  return { sessionId: conversationId, sessionType, groupId: groupIdWithin(conversationId) };
}

/** The status on the wire; edited messages are marked by `editedAt`. */
function statusOnWire(status: StoredMessage["status"], viewStatus: ViewStatus): WireMessage["status"] {
  return status === "normal" || status === "edited" ? viewStatus : status;
}
