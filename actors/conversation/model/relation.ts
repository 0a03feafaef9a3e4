// The relation of a user to this conversation, and what the authorization table says of it.

import { authorize, type Operation, type Realm, type Relation } from "../../shared/authorization.ts";
import { DomainError } from "../../shared/errors.ts";
import { conversationTypeOf, type UserId } from "../../shared/ids.ts";
import { otherSide, sideOf } from "./pair-state.ts";
import type { ConversationRules } from "./rules.ts";
import type { ConversationState } from "./state.ts";

export function realmOf(state: ConversationState): Realm {
  const type = conversationTypeOf(state.id);
  return type === "single" ? "pair" : type;
}

export function relationOf(state: ConversationState, userId: UserId, rules: ConversationRules): Relation {
  const { pair, group, system, assistant } = state;
  if (pair) {
    const side = sideOf(pair, userId);
    if (side === undefined) return "outsider";
    if (pair.blockedAtMs[otherSide(side)] > 0) return "blocked";
    if (pair.blockedAtMs[side] > 0) return "blocker";
    if (pair.isFriend) return "friend";
    return rules.requireFriend ? "stranger" : "acquaintance";
  }
  if (group) return group.members.get(userId)?.role ?? (group.exMembers.has(userId) ? "exmember" : "nonmember");
  if (system) return system.userId === userId ? "recipient" : "bystander";
  if (assistant && !assistant.isDeleted) return assistant.ownerId === userId ? "owner" : "stranger";
  // A malformed pair id has no sides; a group that was never created has no members.
  return realmOf(state) === "pair" ? "outsider" : "none";
}

/** Throws what the authorization table says; a dissolved group answers everything with group.dissolved. */
export function allow(
  state: ConversationState,
  rules: ConversationRules,
  operation: Operation,
  userId: UserId | "service",
): Relation {
  if (state.group?.isDisbanded) throw new DomainError("group.dissolved");
  if (state.assistant?.isDeleted) throw new DomainError("session.not_found");
  const relation = userId === "service" ? "service" : relationOf(state, userId, rules);
  authorize(realmOf(state), operation, relation);
  return relation;
}
