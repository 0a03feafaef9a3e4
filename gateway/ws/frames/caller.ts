import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import { parseConversationId } from "../../../actors/shared/ids.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { conversationOf, type Target } from "../../input/target.ts";
import type { Connection } from "../socket/connection.ts";

/** Frames are dispatched to authenticated sockets only. */
export function callerOf(connection: Connection): Caller {
  if (!connection.caller) throw new DomainError("auth.token_invalid");
  return connection.caller;
}

/** The conversation a frame names. Those that cannot be the caller's are refused here; the rest its actor decides. */
export function ownConversation(target: Target, userId: UserId): ConversationId {
  const id = conversationOf(target, userId);
  const parsed = parseConversationId(id);
  if (parsed?.type === "single" && !parsed.users.includes(userId)) throw new DomainError("session.not_found");
  if (parsed?.type === "system" && parsed.userId !== userId) throw new DomainError("session.not_found");
  return id;
}
