import { assistantConversationId, type ConversationId } from "../../../actors/shared/ids.ts";

/** The conversation of a session id that a client sent; it may be no conversation's. The opposite of `sessionIdOf`. */
export function conversationOfSession(sessionId: string): ConversationId {
  return /^\d+$/.test(sessionId) ? assistantConversationId(sessionId) : sessionId;
}
