// Invitations and requests to join. With `joinVerify` an admin approves requests and members' invitations; owner and admins
// add users without approval. A user who wants to be asked for consent is always asked.

import { authorize, decideVerdict, type Operation } from "../../shared/authorization.ts";
import { checkText } from "../../shared/check-text.ts";
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { maxChars } from "../../shared/limits.ts";
import { type GroupState, type Invitation, maxJoinRequests } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { realmOf, relationOf } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { admit, distinctIds, groupFor, vet, vetInvitees } from "./admit.ts";
import type { GroupCommands } from "./contract.ts";
import { inviteAsking } from "./invitations.ts";

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
  inviteAsking(turn, { userIds: asking, by, isApproved: isFree, groupName: group.name });
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

export function join(
  turn: ConversationTurn,
  { userId, message }: Parameters<Join>[0],
  ports: ConversationPorts,
): ReturnType<Join> {
  const group = groupFor(turn, userId, "group.join", ports);
  checkText("message", message, maxChars.requestMessage);
  const invitation = group.invitations.get(userId);
  if (!group.joinVerify || (invitation && mayStillAdmit(turn, group, invitation, ports))) {
    admit(turn, group, { userIds: [userId], by: invitation?.by ?? userId }, ports);
    return { needVerify: false };
  }
  for (const [requestId, known] of group.requests) {
    if (known.userId === userId && known.status === "pending") return { needVerify: true, requestId };
  }
  checkRoom(group, 1);
  return { needVerify: true, requestId: request(turn, { userId, message, inviterId: invitation?.by }) };
}

/** Whether the invitation still admits its user: the inviter may have left the group or lost the role since. */
function mayStillAdmit(
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
  const { userId, inviterId } = known;
  const handled = { type: "join_request_handled", requestId, userId, by, isAccepted: accept } as const;
  if (!accept || group.members.has(userId)) {
    turn.emit(handled);
    return { status: accept ? "accepted" : "rejected" };
  }
  const vetted = await vet(turn, inviterId === undefined ? [] : [inviterId, by], userId);
  if (vetted === "failed") throw new DomainError("friend.blocked_by_other");
  turn.emit(handled);
  if (vetted === "asking" && inviterId !== undefined) {
    inviteAsking(turn, { userIds: [userId], by, isApproved: true, groupName: group.name });
  } else admit(turn, group, { userIds: [userId], by: inviterId ?? userId }, ports);
  return { status: "accepted" };
}

function request(
  turn: ConversationTurn,
  { userId, message, inviterId }: { userId: UserId; message: string; inviterId?: UserId },
): string {
  const requestId = String(turn.stamp());
  turn.emit({ type: "join_requested", requestId, userId, message, inviterId });
  return requestId;
}

function checkRoom({ requests }: GroupState, count: number): void {
  let pending = count;
  for (const { status } of requests.values()) if (status === "pending") pending += 1;
  if (pending > maxJoinRequests) throw new DomainError("common.too_many");
}
