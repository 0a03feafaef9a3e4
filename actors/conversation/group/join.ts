// Invitations and requests to join. With `joinVerify` an admin approves requests and members' invitations; owner and admins
// add users without approval. A user who wants to be asked for consent is always asked.

import { authorize, decideVerdict } from "../../shared/authorization.ts";
import { checkText } from "../../shared/check-text.ts";
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { maxChars } from "../../shared/limits.ts";
import { User } from "../../user/contract.ts";
import {
  type GroupState,
  isOwnRequest,
  type JoinRequest,
  maxJoinRequests,
  waitingInvitation,
} from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { realmOf, relationOf } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { admit, distinctIds, groupFor, vet, vetInvitees } from "./admit.ts";
import type { GroupCommands } from "./contract.ts";
import { inviteAsking, mayStillAdmit, tellEnded } from "./invitations.ts";

type Invite = GroupCommands["invite"];
type Join = GroupCommands["join"];

export async function invite(
  turn: ConversationTurn,
  { by, userIds }: Parameters<Invite>[0],
  ports: ConversationPorts,
): Promise<ReturnType<Invite>> {
  const group = groupFor(turn, by, "group.invite", ports);
  const relation = relationOf(turn.state, by, ports.rules);
  if (!group.allowMemberInvite) authorize("group", "group.invite_reserved", relation);
  const isFree = !group.joinVerify || decideVerdict(realmOf(turn.state), "group.invite_freely", relation) === "allowed";
  const ids = distinctIds(userIds, group.members);
  const already = [...new Set(userIds)].filter((userId) => group.members.has(userId));
  const { willing, asking, failed } = await vetInvitees(turn, by, ids);
  if (isFree && willing.length > 0) admit(turn, group, { userIds: willing, by }, ports);
  inviteAsking(turn, { userIds: asking, by, isApproved: isFree, groupName: group.name }, ports);
  if (!isFree) {
    checkRoom(group, willing.length);
    for (const userId of willing) request(turn, { userId, message: "", inviterId: by });
  }
  return {
    successIds: isFree ? willing : [],
    failedIds: [...failed, ...already],
    pendingIds: isFree ? asking : [...asking, ...willing],
    memberCount: group.members.size + (isFree ? willing.length : 0),
  };
}

export function join(turn: ConversationTurn, input: Parameters<Join>[0], ports: ConversationPorts): ReturnType<Join> {
  const group = groupFor(turn, input.userId, "group.join", ports);
  checkText("message", input.message, maxChars.requestMessage);
  return joinGroup(turn, group, input, ports);
}

/** Joining accepts an invitation that waits. */
export function joinGroup(
  turn: ConversationTurn,
  group: GroupState,
  { userId, message }: Parameters<Join>[0],
  ports: ConversationPorts,
): ReturnType<Join> {
  const invitation = waitingInvitation(group, userId, turn.nowMs);
  if (invitation) {
    const { id: invitationId, by } = invitation;
    turn.emit({ type: "invitation_accepted", userId, invitationId, by });
  }
  if (!group.joinVerify || (invitation && mayStillAdmit(turn, group, invitation, ports))) {
    const isConsented = invitation !== undefined;
    admit(turn, group, { userIds: [userId], by: invitation?.by ?? userId, isConsented }, ports);
    return { needVerify: false };
  }
  if (invitation) tellEnded(turn, userId, invitation, "accepted");
  for (const [requestId, known] of group.requests) {
    if (known.userId !== userId || known.status !== "pending") continue;
    // Somebody proposed the user, who asks now as well.
    if (!isOwnRequest(known)) request(turn, { ...known, requestId, message, isConsented: true });
    return { needVerify: true, requestId };
  }
  checkRoom(group, 1);
  const inviter = invitation && ({ inviterId: invitation.by, isConsented: true } as const);
  return { needVerify: true, requestId: request(turn, { userId, message, ...inviter }) };
}

/**
 * A proposal was checked when it was made, and is checked again here: the user may have blocked proposer or approver since, or
 * may want to be asked for consent. A user who asked to join is not checked: the request is the consent.
 */
export async function handleJoinRequest(
  turn: ConversationTurn,
  { by, requestId, accept }: { by: UserId; requestId: string; accept: boolean },
  ports: ConversationPorts,
): Promise<{ status: "accepted" | "rejected" }> {
  const group = groupFor(turn, by, "group.handle_request", ports);
  const known = group.requests.get(requestId);
  if (!known) throw new DomainError("group.request_not_found");
  if (known.status !== "pending") throw new DomainError("group.request_handled");
  const { userId, inviterId, isConsented = false } = known;
  const isProposal = inviterId !== undefined && !isConsented;
  const handled = { type: "join_request_handled", requestId, userId, by, isAccepted: accept } as const;
  if (!accept || group.members.has(userId)) {
    turn.emit(handled);
    if (!accept && !isProposal) tellRequest(turn, requestId, known, "rejected");
    return { status: accept ? "accepted" : "rejected" };
  }
  const vetted = await vet(turn, isProposal ? [inviterId, by] : [], userId);
  if (vetted === "failed") throw new DomainError("friend.blocked_by_other");
  turn.emit(handled);
  if (vetted === "asking" && isProposal) {
    inviteAsking(turn, { userIds: [userId], by, isApproved: true, groupName: group.name }, ports);
  } else admit(turn, group, { userIds: [userId], by: inviterId ?? userId, isConsented: !isProposal }, ports);
  return { status: "accepted" };
}

/** The user's list shows that the request waits, or that it was rejected. A request that was accepted ends by the joining. */
export function tellRequest(
  turn: ConversationTurn,
  requestId: string,
  { userId, message }: Pick<JoinRequest, "userId" | "message">,
  status: "pending" | "rejected",
): void {
  const { name: groupName = "" } = turn.state.group ?? {};
  const shown = { requestId, groupName, message, status };
  turn.tell(User, userId).joinRequestChanged({ conversationId: turn.key, ...shown, atMs: turn.nowMs });
  turn.settle();
}

function request(
  turn: ConversationTurn,
  asked: Pick<JoinRequest, "userId" | "message" | "inviterId" | "isConsented"> & { requestId?: string },
): string {
  const { userId, message, inviterId, isConsented, requestId = String(turn.stamp()) } = asked;
  turn.emit({
    ...{ type: "join_requested", requestId, userId, message },
    ...(inviterId !== undefined && { inviterId }),
    ...(isConsented && { isConsented }),
  });
  if (isOwnRequest(asked)) tellRequest(turn, requestId, asked, "pending");
  return requestId;
}

function checkRoom({ requests }: GroupState, count: number): void {
  let pending = count;
  for (const { status } of requests.values()) if (status === "pending") pending += 1;
  if (pending > maxJoinRequests) throw new DomainError("common.too_many");
}
