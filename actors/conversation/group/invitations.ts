// Invitations of users who want to be asked first. The group keeps those that wait, and the list of each invited user has a copy,
// with the end of it.
import { decideVerdict, type Operation } from "../../shared/authorization.ts";
import type { UserId } from "../../shared/ids.ts";
import { User } from "../../user/contract.ts";
import { type GroupState, type Invitation, waitingInvitation } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { relationOf } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";

/**
 * Invitations sent to lists by the turn that invites, and by each later turn: an entry of the outbox has up to 1 000 bytes with
 * the group's name, the record of a turn is kept below 64 KiB, and the turn that invites may also make 200 users members.
 */
const maxInvitationsPerTurn = 20;

type Ended = "accepted" | "declined" | "cancelled";

interface Asked {
  userIds: UserId[];
  by: UserId;
  isApproved: boolean;
  groupName: string;
}

/** A user who is asked already, with the same rights, is not asked a second time. */
export function inviteAsking(turn: ConversationTurn, asked: Asked, ports: ConversationPorts): void {
  const userIds = asked.userIds.filter((userId) => !isAsked(turn, userId, asked, ports));
  if (userIds.length === 0) return;
  const { by, isApproved, groupName } = asked;
  const { group } = turn.state;
  const expiresAtMs = turn.nowMs + ports.rules.groupInvitationMs;
  const ids = userIds.map(
    (userId) => (group && waitingInvitation(group, userId, turn.nowMs)?.id) || String(turn.stamp()),
  );
  const later = userIds.slice(maxInvitationsPerTurn);
  turn.emit({
    ...{ type: "invited", userIds, by, isApproved, groupName, invitationIds: ids, expiresAtMs },
    ...(later.length > 0 && { later }),
  });
  for (const [i, userId] of userIds.slice(0, maxInvitationsPerTurn).entries()) {
    tellInvitation(turn, userId, { id: ids[i]!, by, isApproved, expiresAtMs }, groupName);
  }
  turn.settle();
}

function isAsked(turn: ConversationTurn, userId: UserId, { isApproved }: Asked, ports: ConversationPorts): boolean {
  const { group } = turn.state;
  const known = group && waitingInvitation(group, userId, turn.nowMs);
  if (!known) return false;
  return isApproved ? mayStillAdmit(turn, group, known, ports) : true;
}

/** Whether the invitation still admits its user: the inviter may have left the group or lost the role since. */
export function mayStillAdmit(
  turn: ConversationTurn,
  { allowMemberInvite }: GroupState,
  { by, isApproved }: Invitation,
  { rules }: ConversationPorts,
): boolean {
  if (!isApproved) return false;
  const relation = relationOf(turn.state, by, rules);
  const operations: Operation[] = ["group.invite", "group.invite_freely"];
  if (!allowMemberInvite) operations.push("group.invite_reserved");
  return operations.every((operation) => decideVerdict("group", operation, relation) === "allowed");
}

/** Sends invitations that wait to the lists of the invited users; false when none waits. */
export function tellInvitations(turn: ConversationTurn): boolean {
  const { group } = turn.state;
  if (!group || group.isDisbanded || group.untoldInvitations.size === 0) return false;
  const next = [...group.untoldInvitations].slice(0, maxInvitationsPerTurn);
  for (const userId of next) tellInvitation(turn, userId, group.invitations.get(userId)!, group.name);
  turn.emit({ type: "invitations_told", count: next.length });
  return true;
}

function tellInvitation(
  turn: ConversationTurn,
  userId: UserId,
  { id: invitationId, by, expiresAtMs }: Invitation,
  groupName: string,
): void {
  const pending = { invitationId, groupName, by, isPending: true, expiresAtMs };
  turn.tell(User, userId).invitationChanged({ conversationId: turn.key, ...pending, atMs: turn.nowMs });
}

/** The user's list shows how the invitation ended. */
export function tellEnded(turn: ConversationTurn, userId: UserId, { id, by }: Invitation, status: Ended): void {
  const ended = { invitationId: id, groupName: "", by, isPending: false, status };
  turn.tell(User, userId).invitationChanged({ conversationId: turn.key, ...ended, atMs: turn.nowMs });
}
