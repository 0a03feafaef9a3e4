// Invitations of users who want to be asked first. The group keeps them, and the list of each invited user has a copy.
import type { UserId } from "../../shared/ids.ts";
import { User } from "../../user/contract.ts";
import type { GroupState } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";

export function inviteAsking(
  turn: ConversationTurn,
  { userIds, by, isApproved, groupName }: { userIds: UserId[]; by: UserId; isApproved: boolean; groupName: string },
): void {
  if (userIds.length === 0) return;
  turn.emit({ type: "invited", userIds, by, isApproved, groupName });
  for (const userId of userIds) tellInvitation(turn, userId, { groupName, by, isPending: true });
  turn.settle();
}

/** For users who become members. */
export function endInvitations(turn: ConversationTurn, { invitations }: GroupState, userIds: readonly UserId[]): void {
  for (const userId of userIds) if (invitations.has(userId)) endInvitation(turn, userId);
}

export function declineInvitation(
  turn: ConversationTurn,
  { userId }: { userId: UserId },
  { rules }: ConversationPorts,
): null {
  const { group } = turn.state;
  // Of a dissolved group only the copy in the list is left: the end was not sent to each invited user.
  if (!group?.isDisbanded) allow(turn.state, rules, "group.decline", userId);
  if (group?.invitations.has(userId) && !group.isDisbanded) turn.emit({ type: "invitation_declined", userId });
  endInvitation(turn, userId);
  turn.settle();
  return null;
}

function endInvitation(turn: ConversationTurn, userId: UserId): void {
  tellInvitation(turn, userId, { groupName: "", by: "", isPending: false });
}

function tellInvitation(
  turn: ConversationTurn,
  userId: UserId,
  invitation: { groupName: string; by: UserId; isPending: boolean },
): void {
  turn.tell(User, userId).invitationChanged({ conversationId: turn.key, ...invitation, atMs: turn.nowMs });
}
