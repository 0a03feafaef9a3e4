import { type ConversationId, groupConversationId, type UserId } from "../../actors/shared/ids.ts";
import { conversationId, invalidField, optionalId, pairWith, stampId } from "./rules.ts";

/** A conversation as clients name it: by its id, by the other user, or by the group. */
export interface Target {
  sessionId?: string;
  conversationId?: string;
  receiverId?: string;
  userId?: string;
  targetId?: string;
  groupId?: string;
  sessionType?: "single" | "group" | "system" | "assistant";
}

export const targetShape = {
  sessionId: optionalId,
  conversationId: optionalId,
  receiverId: optionalId,
  userId: optionalId,
  targetId: optionalId,
  groupId: optionalId,
  sessionType: { type: "string", enum: ["single", "group", "system", "assistant"], optional: true },
} as const;

export function conversationOf(target: Target, callerId: UserId): ConversationId {
  const found = findConversation(target, callerId);
  if (found === undefined) throw invalidField("sessionId", "sessionId, receiverId or groupId");
  return found;
}

/** Undefined: the target names nobody. */
export function findConversation(target: Target, callerId: UserId): ConversationId | undefined {
  const named = target.sessionId ?? target.conversationId;
  if (named !== undefined) return conversationId(named);
  const groupId = target.groupId ?? (target.sessionType === "group" ? target.targetId : undefined);
  if (groupId !== undefined) return groupConversationId(stampId(groupId, "group.not_found"));
  const userId = target.receiverId ?? target.userId ?? target.targetId;
  return userId === undefined ? undefined : pairWith(callerId, userId);
}
