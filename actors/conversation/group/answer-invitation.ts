// The invited user accepts or declines.
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { type Invitation, waitingInvitation } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { groupFor } from "./admit.ts";
import type { GroupCommands } from "./contract.ts";
import { tellEnded } from "./invitations.ts";
import { joinGroup } from "./join.ts";

type Answer = GroupCommands["answerInvitation"];

/** The invitation with this id alone: an answer to an older one is refused. */
export function answerInvitation(
  turn: ConversationTurn,
  { userId, invitationId, accept }: Parameters<Answer>[0],
  ports: ConversationPorts,
): ReturnType<Answer> {
  const group = groupFor(turn, userId, "group.answer_invitation", ports);
  const invitation = waitingInvitation(group, userId, turn.nowMs);
  if (invitation?.id !== invitationId) throw new DomainError("group.invitation_over");
  if (accept) return { status: "accepted", ...joinGroup(turn, group, { userId, message: "" }, ports) };
  decline(turn, userId, invitation);
  return { status: "declined", needVerify: false };
}

/** Where no invitation waits, nothing changes. */
export function declineInvitation(
  turn: ConversationTurn,
  { userId }: { userId: UserId },
  { rules }: ConversationPorts,
): null {
  const { group } = turn.state;
  // The list may still show the invitation of a dissolved group: the end of the group is on its way, or was never sent.
  if (!group?.isDisbanded) allow(turn.state, rules, "group.decline", userId);
  const invitation = group && waitingInvitation(group, userId, turn.nowMs);
  if (!invitation) return null;
  if (!group.isDisbanded) decline(turn, userId, invitation);
  else {
    tellEnded(turn, userId, invitation, "cancelled");
    turn.settle();
  }
  return null;
}

function decline(turn: ConversationTurn, userId: UserId, invitation: Invitation): void {
  turn.emit({ type: "invitation_declined", userId, invitationId: invitation.id, by: invitation.by });
  tellEnded(turn, userId, invitation, "declined");
  turn.settle();
}
