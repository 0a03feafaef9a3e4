// The only builder of a stored message from its event: rows, notifications and the overlay of the reading side use it.
import type { ConversationId } from "../shared/ids.ts";
import { type StoredMessage, withStoredOptions } from "../shared/message.ts";
import type { Sent } from "./model/events.ts";

/** All fields of the event except those that only the conversation itself needs. */
export function messageOf(conversationId: ConversationId, event: Sent, atMs: number): StoredMessage {
  const { messageId, bucket, seq, version, senderId, senderName, senderAvatar, clientMsgId, contentType, content } =
    event;
  const message: StoredMessage = {
    messageId,
    conversationId,
    bucket,
    seq,
    version,
    senderId,
    senderName,
    senderAvatar,
    clientMsgId,
    contentType,
    content,
    atMs,
    status: "normal",
  };
  return withStoredOptions(message, event);
}
