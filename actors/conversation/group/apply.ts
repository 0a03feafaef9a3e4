import type { RecordMeta } from "../../runtime/contract.ts";
import { BoundedMap } from "../../shared/bounded-map.ts";
import { groupIdOf, type UserId } from "../../shared/ids.ts";
import type { GroupCreated, GroupEvent, Invited, MemberLeft, MembersJoined } from "../model/group-events.ts";
import {
  type GroupState,
  type JoinRequest,
  type Member,
  type MemberChange,
  maxExMembers,
  maxInvitations,
  maxJoinRequests,
  maxMemberChanges,
  maxReceiptTimes,
  newMember,
} from "../model/group-state.ts";
import type { ConversationState } from "../model/state.ts";

export function applyGroup(state: ConversationState, event: GroupEvent, { atMs }: RecordMeta): void {
  if (event.type === "group_created") {
    state.group = createdGroup(groupIdOf(state.id), event, atMs);
    return;
  }
  const { group } = state;
  if (!group) return;
  switch (event.type) {
    case "members_joined":
      applyJoined(group, event, atMs);
      group.updatedAtMs = atMs;
      break;
    case "member_left":
      applyLeft(group, event, atMs);
      group.updatedAtMs = atMs;
      break;
    case "info_updated":
      Object.assign(group, event.patch);
      if (event.patch.isMuted !== undefined) group.mutedUntilMs = event.patch.mutedUntilMs ?? 0;
      group.updatedAtMs = atMs;
      break;
    case "role_changed":
      changeMember(group, event.userId, { role: event.role }, atMs);
      if (event.role === "owner") group.ownerId = event.userId;
      group.updatedAtMs = atMs;
      break;
    case "member_muted":
      changeMember(group, event.userId, { mutedUntilMs: event.untilMs }, atMs);
      break;
    case "nickname_changed":
      changeMember(group, event.userId, { nickname: event.nickname }, atMs);
      break;
    case "disbanded":
      group.isDisbanded = true;
      group.updatedAtMs = atMs;
      break;
    case "end_told":
      group.endTold += event.count;
      break;
    case "fanout_changed":
      group.fanout = event.fanout;
      group.switchedAtMs = atMs;
      group.untold = [...group.members.keys()].slice(0, group.members.size - event.newcomers);
      break;
    case "fanout_told":
      group.untold = [];
      break;
    case "invited":
      applyInvited(group, event, state.id);
      break;
    case "invitations_told":
      for (const userId of [...group.untoldInvitations].slice(0, event.count)) group.untoldInvitations.delete(userId);
      break;
    case "group_qr_code_made":
      group.qrCode = event.qrCode;
      break;
    case "invitation_accepted":
    case "invitation_declined":
      endInvitation(group, event.userId);
      break;
    case "join_requested": {
      const { requestId, userId, message, inviterId, isConsented } = event;
      group.requests.set(requestId, {
        ...{ userId, message, status: "pending", createdAtMs: atMs },
        ...(inviterId !== undefined && { inviterId }),
        ...(isConsented && { isConsented }),
      });
      dropOldRequests(group);
      break;
    }
    case "join_request_handled": {
      const request = group.requests.get(event.requestId);
      if (request) handle(request, event.isAccepted, atMs);
      break;
    }
  }
}

function changeMember(group: GroupState, userId: UserId, change: Partial<Member>, atMs: number): void {
  const member = group.members.get(userId);
  if (!member) return;
  Object.assign(member, change);
  noteMember(group, userId, { atMs });
}

function noteMember(group: GroupState, userId: UserId, change: MemberChange): void {
  const { memberChanges } = group;
  memberChanges.delete(userId);
  memberChanges.set(userId, change);
  if (memberChanges.size <= maxMemberChanges) return;
  const [oldest] = memberChanges;
  memberChanges.delete(oldest![0]);
  group.memberChangesFromMs = oldest![1].atMs + 1;
}

function createdGroup(groupId: string, event: GroupCreated, atMs: number): GroupState {
  const members = new Map([[event.ownerId, newMember("owner", atMs, 1)]]);
  for (const userId of event.userIds) members.set(userId, newMember("member", atMs, 1));
  const { name, avatar, ownerId, joinVerify, maxMembers, fanout } = event;
  return {
    groupId,
    name,
    avatar,
    announcement: "",
    ownerId,
    maxMembers,
    joinVerify,
    isMuted: false,
    mutedUntilMs: 0,
    allowMemberInvite: true,
    allowViewHistory: true,
    allowAddFriend: true,
    allowViewMembers: true,
    showMemberNickname: true,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    isDisbanded: false,
    endTold: 0,
    fanout,
    switchedAtMs: 0,
    untold: [],
    members,
    membersFromSeq: 1,
    memberChanges: new Map(),
    memberChangesFromMs: atMs + 1,
    mentionsAll: [],
    exMembers: new Set(),
    invitations: new Map(),
    untoldInvitations: new Set(),
    requests: new Map(),
    receipts: { toldAtMs: new BoundedMap(maxReceiptTimes), waiting: new Map() },
  };
}

function applyJoined(group: GroupState, { userIds, visibleFromSeq }: MembersJoined, atMs: number): void {
  group.membersFromSeq = Math.max(group.membersFromSeq, visibleFromSeq);
  for (const userId of userIds) {
    group.members.set(userId, newMember("member", atMs, visibleFromSeq));
    group.exMembers.delete(userId);
    noteMember(group, userId, { atMs });
    endInvitation(group, userId);
    for (const request of group.requests.values()) {
      if (request.userId === userId && request.status === "pending") handle(request, true, atMs);
    }
  }
}

function handle(request: JoinRequest, isAccepted: boolean, atMs: number): void {
  request.status = isAccepted ? "accepted" : "rejected";
  request.handledAtMs = atMs;
}

function applyInvited(group: GroupState, event: Invited, conversationId: string): void {
  const { userIds, by, isApproved, later = [], invitationIds, expiresAtMs = 0 } = event;
  const { invitations, untoldInvitations } = group;
  for (const [i, userId] of userIds.entries()) {
    invitations.delete(userId);
    invitations.set(userId, { id: invitationIds?.[i] ?? conversationId, by, isApproved, expiresAtMs });
  }
  for (const userId of later) untoldInvitations.add(userId);
  for (const userId of invitations.keys()) {
    if (invitations.size <= maxInvitations) return;
    endInvitation(group, userId);
  }
}

function endInvitation({ invitations, untoldInvitations }: GroupState, userId: UserId): void {
  invitations.delete(userId);
  untoldInvitations.delete(userId);
}

function applyLeft(group: GroupState, { userId }: MemberLeft, atMs: number): void {
  group.members.delete(userId);
  noteMember(group, userId, { atMs, isGone: true });
  group.receipts.waiting.delete(userId);
  group.exMembers.add(userId);
  if (group.exMembers.size <= maxExMembers) return;
  const [oldest] = group.exMembers;
  group.exMembers.delete(oldest!);
}

/** Commands refuse a request when `maxJoinRequests` are pending, so there is a handled one to drop. */
function dropOldRequests({ requests }: GroupState): void {
  if (requests.size <= maxJoinRequests) return;
  for (const [requestId, { status }] of requests) {
    if (status === "pending") continue;
    requests.delete(requestId);
    return;
  }
}
