import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import { parseConversationId } from "../../../actors/shared/ids.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { conversationOf, type Target } from "../../input/target.ts";
import type { Client } from "../intake/client.ts";

/** Frames are dispatched to authenticated sockets only. */
export function callerOf({ caller }: Client): Caller {
  if (!caller) throw new DomainError("auth.token_invalid");
  return caller;
}

/** The conversation that a frame names. One that cannot be the caller's is refused here; its actor decides the others. */
export function ownConversation(target: Target, userId: UserId): ConversationId {
  const id = conversationOf(target, userId);
  const parsed = parseConversationId(id);
  if (parsed?.type === "single" && !parsed.users.includes(userId)) throw new DomainError("session.not_found");
  if (parsed?.type === "system" && parsed.userId !== userId) throw new DomainError("session.not_found");
  return id;
}
