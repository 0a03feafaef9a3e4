// Subjects that an event is published on: one per member, or, in groups over the limit, one per conversation.

import type { UserId } from "../../shared/ids.ts";
import type { Notification } from "../../shared/notification.ts";
import type { ConversationState } from "./state.ts";

type Target = Notification["target"];

/** After the change to one subject per conversation, both kinds are used until every gateway listens to the new one. */
const bothWaysMs = 150_000;

/**
 * Targets of an event that every member may see. `also`: users who are not members any more. `seq`: the seq of a new message.
 * The state may be ahead of that message: members who joined since and may not see older messages are left out.
 */
export function targetsOf(
  state: ConversationState,
  atMs: number,
  { also = [], seq = Number.POSITIVE_INFINITY }: { also?: readonly UserId[]; seq?: number } = {},
): Target[] {
  const { pair, group, system, assistant } = state;
  if (pair) return [{ users: pair.users }];
  if (system) return [{ users: [system.userId] }];
  if (assistant) return [{ users: [assistant.ownerId] }];
  if (!group) return [];
  if (group.fanout === "users") return [{ users: memberIds(state, also, seq) }];
  const targets: Target[] = [{ conversationId: state.id }];
  if (atMs < group.switchedAtMs + bothWaysMs) targets.push({ users: memberIds(state, also, seq) });
  else if (also.length > 0) targets.push({ users: also });
  return targets;
}

function memberIds({ group }: ConversationState, also: readonly UserId[], seq: number): UserId[] {
  const ids: UserId[] = [];
  for (const [userId, { visibleFromSeq }] of group?.members ?? []) if (visibleFromSeq <= seq) ids.push(userId);
  for (const userId of also) if (!group?.members.has(userId)) ids.push(userId);
  return ids;
}

/** All members but one, for events without a version. */
export function othersThan(state: ConversationState, userId: UserId): Target[] {
  return targetsOf(state, state.updatedAtMs).flatMap((target): Target[] => {
    if (!("users" in target)) return [target];
    const users = target.users.filter((id) => id !== userId);
    return users.length > 0 ? [{ users }] : [];
  });
}

export function adminIds({ group }: ConversationState): UserId[] {
  const ids: UserId[] = [];
  for (const [userId, { role }] of group?.members ?? []) if (role !== "member") ids.push(userId);
  return ids;
}
