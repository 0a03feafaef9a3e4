// Invitations of users who want to be asked first. The group keeps them, and the list of each invited user has a copy.
import type { UserId } from "../../shared/ids.ts";
import { User } from "../../user/contract.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";

/**
 * Invitations sent to lists by the turn that invites, and by each later turn: an entry of the outbox has up to 1 000 bytes with
 * the group's name, the record of a turn is kept below 64 KiB, and the turn that invites may also make 200 users members.
 */
const maxInvitationsPerTurn = 20;

export function inviteAsking(
  turn: ConversationTurn,
  { userIds, by, isApproved, groupName }: { userIds: UserId[]; by: UserId; isApproved: boolean; groupName: string },
): void {
  if (userIds.length === 0) return;
  const later = userIds.slice(maxInvitationsPerTurn);
  turn.emit({ type: "invited", userIds, ...(later.length > 0 && { later }), by, isApproved, groupName });
  for (const userId of userIds.slice(0, maxInvitationsPerTurn)) {
    tellInvitation(turn, userId, { groupName, by, isPending: true });
  }
  turn.settle();
}

/** Sends invitations that wait to the lists of the invited users; false when none waits. */
export function tellInvitations(turn: ConversationTurn): boolean {
  const { group } = turn.state;
  if (!group || group.isDisbanded || group.untoldInvitations.size === 0) return false;
  const next = [...group.untoldInvitations].slice(0, maxInvitationsPerTurn);
  for (const userId of next) {
    const { by } = group.invitations.get(userId)!;
    tellInvitation(turn, userId, { groupName: group.name, by, isPending: true });
  }
  turn.emit({ type: "invitations_told", count: next.length });
  return true;
}

export function declineInvitation(
  turn: ConversationTurn,
  { userId }: { userId: UserId },
  { rules }: ConversationPorts,
): null {
  const { group } = turn.state;
  // The list may still show the invitation of a dissolved group: the end of the group is on its way, or was never sent.
  if (!group?.isDisbanded) allow(turn.state, rules, "group.decline", userId);
  if (group?.invitations.has(userId) && !group.isDisbanded) turn.emit({ type: "invitation_declined", userId });
  endInvitation(turn, userId);
  turn.settle();
  return null;
}

/** Removes the invitation from the user's list. */
export function endInvitation(turn: ConversationTurn, userId: UserId): void {
  tellInvitation(turn, userId, { groupName: "", by: "", isPending: false });
}

function tellInvitation(
  turn: ConversationTurn,
  userId: UserId,
  invitation: { groupName: string; by: UserId; isPending: boolean },
): void {
  turn.tell(User, userId).invitationChanged({ conversationId: turn.key, ...invitation, atMs: turn.nowMs });
}
