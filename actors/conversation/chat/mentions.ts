// Mentions of a message. Only members of that moment are stored, because clients show a mention as a name. A mentioned member
// gets message.mentioned and a mention count, unless the member has blocked the sender: the user actor decides that.
import type { UserId } from "../../shared/ids.ts";
import type { SendOptions, StoredMessage } from "../../shared/message.ts";
import type { Notification } from "../../shared/notification.ts";
import { User } from "../../user/contract.ts";
import type { Sent } from "../model/events.ts";
import { type GroupState, maxMentionsAll } from "../model/group-state.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { targetsOf } from "../model/targets.ts";

/** Mentions every member of a group. In other conversations it mentions nobody. */
const everybody = "all";

export function mentionsAll({ mentions }: Pick<SendOptions, "mentions">): boolean {
  return mentions?.includes(everybody) ?? false;
}

/** The options as they are stored: each mentioned member once. */
export function withMembersOnly(state: ConversationState, options: SendOptions): SendOptions {
  const { mentions, ...others } = options;
  if (mentions === undefined) return options;
  const kept = [...new Set(mentions)].filter((id) => (id === everybody ? state.group : isMember(state, id)));
  return kept.length > 0 ? { ...others, mentions: kept } : others;
}

export function tellMentioned(turn: ConversationTurn, { mentions = [], senderId, messageId, seq }: Sent): void {
  // A member who is named beside "all" is mentioned once: by "all".
  if (!turn.state.group || mentionsAll({ mentions })) return;
  for (const userId of mentions) {
    if (userId === senderId || turn.state.group.assistants?.has(userId)) continue;
    turn.tell(User, userId).mentioned({ conversationId: turn.key, messageId, seq, by: senderId, atMs: turn.nowMs });
  }
}

export function foldMentionAll({ group }: ConversationState, { mentions, seq, senderId }: Sent): void {
  if (!group || !mentionsAll({ mentions })) return;
  group.mentionsAll = [...group.mentionsAll, { seq, senderId }].slice(-maxMentionsAll);
}

/** Messages above `readSeq` that mention everybody, and so this member: not those that the member wrote, or may not see. */
export function mentionsAllFor(group: GroupState, userId: UserId, readSeq: number): number[] {
  const fromSeq = Math.max(readSeq + 1, group.members.get(userId)?.visibleFromSeq ?? 1);
  return group.mentionsAll.filter(({ seq, senderId }) => seq >= fromSeq && senderId !== userId).map(({ seq }) => seq);
}

/** To everybody but the sender, whom the message has reached already. */
export function notifyMentionedAll(state: ConversationState, message: StoredMessage): Notification[] {
  if (!state.group || !mentionsAll(message)) return [];
  const { conversationId, messageId, seq, senderId, atMs } = message;
  const data = { sessionId: conversationId, messageId, seq, senderId, timestamp: atMs };
  return targetsOf(state, atMs, { seq }).flatMap((target): Notification[] => {
    const others = "users" in target ? { users: target.users.filter((id) => id !== senderId) } : target;
    if ("users" in others && others.users.length === 0) return [];
    return [{ type: "message.mentioned", target: others, atMs, fromUserId: senderId, frame: "NOTIFICATION", data }];
  });
}

function isMember({ pair, group, system }: ConversationState, userId: UserId): boolean {
  if (group?.assistants?.has(userId)) return true;
  return group?.members.has(userId) ?? pair?.users.includes(userId) ?? system?.userId === userId;
}
