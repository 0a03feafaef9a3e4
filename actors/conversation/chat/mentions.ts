// Mentions of a message. Only members of that moment are stored, because clients show a mention as a name. A mentioned member
// gets message.mentioned and a mention count, unless the member has blocked the sender: the user actor decides that.
import type { UserId } from "../../shared/ids.ts";
import type { SendOptions } from "../../shared/message.ts";
import { User } from "../../user/contract.ts";
import type { Sent } from "../model/events.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";

/** Mentions every member. */
const everybody = "all";

/** The options as they are stored: each mentioned member once. */
export function withMembersOnly(state: ConversationState, options: SendOptions): SendOptions {
  const { mentions, ...others } = options;
  if (mentions === undefined) return options;
  const kept = [...new Set(mentions)].filter((id) => id === everybody || isMember(state, id));
  return kept.length > 0 ? { ...others, mentions: kept } : others;
}

export function tellMentioned(turn: ConversationTurn, { mentions = [], senderId, messageId, seq }: Sent): void {
  if (!turn.state.group) return;
  for (const userId of mentions) {
    if (userId === senderId || userId === everybody || turn.state.group.assistants?.has(userId)) continue;
    turn.tell(User, userId).mentioned({ conversationId: turn.key, messageId, seq, by: senderId, atMs: turn.nowMs });
  }
}

function isMember({ pair, group, system }: ConversationState, userId: UserId): boolean {
  if (group?.assistants?.has(userId)) return true;
  return group?.members.has(userId) ?? pair?.users.includes(userId) ?? system?.userId === userId;
}
