// How users become members: each user actor is asked whether the user exists, has blocked the inviter, and wants to be asked
// for consent first.

import type { Operation } from "../../shared/authorization.ts";
import { DomainError } from "../../shared/errors.ts";
import { isStampId, type UserId } from "../../shared/ids.ts";
import { maxItems } from "../../shared/limits.ts";
import { User } from "../../user/contract.ts";
import type { GroupState } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";

/** The group, if the authorization table allows the operation. */
export function groupFor(
  turn: ConversationTurn,
  userId: UserId,
  operation: Operation,
  { rules }: ConversationPorts,
): GroupState {
  allow(turn.state, rules, operation, userId);
  const { group } = turn.state;
  if (!group) throw new DomainError("group.not_found");
  return group;
}

export function notInGroup(): DomainError {
  return new DomainError("group.not_member", { message: "This user is not in the group." });
}

interface Invitees {
  /** Users who become members at once. */
  willing: UserId[];
  /** Users who want to be asked for consent first. */
  asking: UserId[];
  /** Users who do not exist or have blocked the inviter. */
  failed: UserId[];
}

export async function vetInvitees(turn: ConversationTurn, by: UserId, userIds: Iterable<UserId>): Promise<Invitees> {
  const invitees: Invitees = { willing: [], asking: [], failed: [] };
  const ids = [...userIds];
  const outcomes = await Promise.all(ids.map((userId) => vet(turn, [by], userId)));
  for (const [i, userId] of ids.entries()) invitees[outcomes[i]!].push(userId);
  return invitees;
}

/** `by`: the users who invite or approve; a block against any of them counts. */
export async function vet(turn: ConversationTurn, by: UserId[], userId: UserId): Promise<keyof Invitees> {
  if (!isStampId(userId)) return "failed";
  try {
    const user = turn.ask(User, userId);
    const [card, blocks] = await Promise.all([user.card({}), user.blocks({ userIds: by })]);
    if (blocks.userIds.length > 0) return "failed";
    return card.groupInviteConsent ? "asking" : "willing";
  } catch (error) {
    if (error instanceof DomainError && error.kind === "not_found") return "failed";
    throw error;
  }
}

export function distinctIds(userIds: readonly UserId[], except: { has(userId: UserId): boolean }): UserId[] {
  if (userIds.length > maxItems.invitees) {
    throw new DomainError("common.too_large", { details: { maxInvitees: maxItems.invitees } });
  }
  return [...new Set(userIds)].filter((userId) => !except.has(userId));
}

/** Makes the users members: the event, the entries in their lists, and the change of fan-out when the group gets too large. */
export function admit(
  turn: ConversationTurn,
  group: GroupState,
  { userIds, by, isConsented }: { userIds: UserId[]; by: UserId; isConsented?: boolean },
  { rules }: ConversationPorts,
): void {
  const { version, seq } = turn.state;
  if (group.members.size + userIds.length > group.maxMembers) throw new DomainError("group.full");
  const visibleFromSeq = group.allowViewHistory ? 1 : seq + 1;
  turn.emit({
    type: "members_joined",
    version: version + 1,
    lastSeq: seq,
    userIds,
    by,
    groupName: group.name,
    visibleFromSeq,
    ...(isConsented && { isConsented }),
  });
  const outgrows = group.fanout === "users" && group.members.size + userIds.length > rules.perUserFanoutMax;
  const fanout = outgrows ? "conversation" : group.fanout;
  for (const userId of userIds) tellJoined(turn, userId, fanout);
  if (outgrows) {
    const newcomers = userIds.length;
    turn.emit({ type: "fanout_changed", version: version + 2, lastSeq: seq, fanout, newcomers });
  }
  turn.settle();
}

/** Sends the new fan-out to the lists of the members of that time. They may be many, so it is a turn of its own. */
export function tellFanout(turn: ConversationTurn): void {
  const { group } = turn.state;
  if (!group || group.untold.length === 0) return;
  for (const userId of group.untold) {
    turn.tell(User, userId).fanoutChanged({ conversationId: turn.key, fanout: group.fanout });
  }
  turn.emit({ type: "fanout_told" });
}

export function tellJoined(turn: ConversationTurn, userId: UserId, fanout: GroupState["fanout"]): void {
  turn.tell(User, userId).conversationJoined({
    conversationId: turn.key,
    conversationType: "group",
    fanout,
    atMs: turn.nowMs,
  });
}
