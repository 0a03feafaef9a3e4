// What a user may do with a message, as far as the page can know: the server decides.
import type { SessionEntry } from "../../../client/api/objects.ts";
import type { Message } from "../../../client/base/wire.ts";
import { isGone } from "../model/preview.ts";
import { isManager } from "../model/roles.ts";

const editableMs = 15 * 60_000;
const recallableMs = 2 * 60_000;
const adminRecallMs = 24 * 3_600_000;

/** Of one's own messages. In a chat with a model there is no limit. */
export function isEditable(message: Message): boolean {
  const isYoung = Date.now() - message.timestamp < editableMs || message.sessionId.startsWith("a_");
  return message.contentType === "text" && isYoung && !isGone(message);
}

export function isRecallable(message: Message, isOwn: boolean, chat: SessionEntry | undefined): boolean {
  if (isGone(message) || chat?.sessionType === "assistant") return false;
  const ageMs = Date.now() - message.timestamp;
  return (isOwn && ageMs < recallableMs) || (chat !== undefined && isManager(chat) && ageMs < adminRecallMs);
}

/** In a chat of two both users may pin a message, in a group its owner and admins. */
export function isPinnable(chat: SessionEntry | undefined): boolean {
  if (chat?.sessionType === "group") return isManager(chat);
  return chat?.sessionType === "single";
}
