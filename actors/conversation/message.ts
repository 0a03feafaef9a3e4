// The one builder of a stored message from its event: rows, notifications and the readers' overlay use it.
import type { ConversationId } from "../shared/ids.ts";
import type { StoredMessage } from "../shared/message.ts";
import type { Sent } from "./model/events.ts";

/** Everything of the event but what only the conversation itself needs. */
export function messageOf(conversationId: ConversationId, event: Sent, atMs: number): StoredMessage {
  const { type: _, countSeq, opensBucket, hash, deviceId, ...message } = event;
  return { ...message, conversationId, atMs, status: "normal" };
}
