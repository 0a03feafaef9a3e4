// A session of the image editor is a chat with a model, under its number, or any other conversation under its whole id.
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { chatIdOf } from "../conversations/chats.ts";

export function conversationOfSession(sessionId: string): ConversationId {
  return /^\d+$/.test(sessionId) ? `a_${sessionId}` : sessionId;
}

export function sessionIdOf(conversationId: ConversationId): string {
  return conversationId.startsWith("a_") ? chatIdOf(conversationId) : conversationId;
}
