import type { GroupInfo, Role } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import { type GroupState, isGroupMuted, type Member } from "../model/group-state.ts";
import type { AssistantMember, GroupQueries, MemberPlace, MemberView } from "./contract.ts";

export function groupInfo(group: GroupState, viewerId: UserId, nowMs: number): GroupInfo {
  return {
    groupId: group.groupId,
    name: group.name,
    avatar: group.avatar,
    announcement: group.announcement,
    ownerId: group.ownerId,
    memberCount: group.members.size,
    maxMembers: group.maxMembers,
    joinVerify: group.joinVerify,
    isMuted: isGroupMuted(group, nowMs),
    mutedUntilMs: isGroupMuted(group, nowMs) ? group.mutedUntilMs : 0,
    allowMemberInvite: group.allowMemberInvite,
    allowViewHistory: group.allowViewHistory,
    allowAddFriend: group.allowAddFriend,
    allowViewMembers: group.allowViewMembers,
    showMemberNickname: group.showMemberNickname,
    createdAtMs: group.createdAtMs,
    updatedAtMs: group.updatedAtMs,
    myRole: group.members.get(viewerId)?.role,
  };
}

interface MemberPage {
  total: number;
  members: MemberView[];
  hasMore: boolean;
}

interface PageSize {
  limit: number;
  nowMs: number;
  /** Members with this role alone. */
  role?: Role | undefined;
}

/** In the group's own order of joining. */
export function listMembers(group: GroupState, offset: number, { limit, nowMs, role }: PageSize): MemberPage {
  const members: MemberView[] = [];
  let place = 0;
  for (const [userId, member] of group.members) {
    if (role !== undefined && member.role !== role) continue;
    if (place >= offset && members.length < limit) members.push(viewOf(userId, member, nowMs));
    place += 1;
    if (role === undefined && members.length >= limit) break;
  }
  const total = role === undefined ? group.members.size : place;
  return { total, members, hasMore: offset + members.length < total };
}

/** In order of the time of joining, then of the id: a place stays where it is when others leave. One pass over the members. */
export function listMembersAfter(
  group: GroupState,
  after: MemberPlace | undefined,
  { limit, nowMs, role }: PageSize,
): MemberPage {
  // One more than a page tells whether there are more. Members come nearly in this order, so most land at the end.
  const nearest: MemberPlace[] = [];
  let total = 0;
  for (const [userId, member] of group.members) {
    if (role !== undefined && member.role !== role) continue;
    total += 1;
    const place = { joinedAtMs: member.joinedAtMs, userId };
    if (after && byJoining(place, after) <= 0) continue;
    if (nearest.length > limit && byJoining(place, nearest.at(-1)!) >= 0) continue;
    let at = nearest.length;
    while (at > 0 && byJoining(place, nearest[at - 1]!) < 0) at -= 1;
    nearest.splice(at, 0, place);
    if (nearest.length > limit + 1) nearest.pop();
  }
  const members = nearest.slice(0, limit).map(({ userId }) => viewOf(userId, group.members.get(userId)!, nowMs));
  return { total, members, hasMore: nearest.length > limit };
}

export function viewMembers({ members }: GroupState, userIds: readonly UserId[], nowMs: number): MemberView[] {
  return userIds.flatMap((userId) => {
    const member = members.get(userId);
    return member ? [viewOf(userId, member, nowMs)] : [];
  });
}

/** At or after `sinceMs`; none of them when not all of that time are known. */
export function listMemberChanges(
  group: GroupState,
  sinceMs: number,
  nowMs: number,
): ReturnType<GroupQueries["memberChanges"]> {
  const changedAtMs = lastMemberChange(group);
  const members: MemberView[] = [];
  const goneIds: UserId[] = [];
  if (sinceMs < group.memberChangesFromMs) return { full: true, members, goneIds, changedAtMs };
  for (const [userId, { atMs, isGone }] of group.memberChanges) {
    if (atMs < sinceMs) continue;
    const member = group.members.get(userId);
    if (isGone || !member) goneIds.push(userId);
    else members.push(viewOf(userId, member, nowMs));
  }
  return { full: false, members, goneIds, changedAtMs };
}

export function lastMemberChange({ memberChanges, createdAtMs }: GroupState): number {
  let lastMs = createdAtMs;
  for (const { atMs } of memberChanges.values()) lastMs = Math.max(lastMs, atMs);
  return lastMs;
}

/** Undefined where no model is a member. */
export function listAssistants({ assistants }: GroupState): AssistantMember[] | undefined {
  if (!assistants || assistants.size === 0) return undefined;
  return [...assistants].map(([assistantId, { ownerId, name, avatar, joinedAtMs }]) => ({
    ...{ assistantId, ownerId, name, avatar, joinedAtMs },
  }));
}

function byJoining(a: MemberPlace, b: MemberPlace): number {
  return a.joinedAtMs - b.joinedAtMs || Number(a.userId) - Number(b.userId);
}

function viewOf(userId: UserId, { role, joinedAtMs, nickname, mutedUntilMs }: Member, nowMs: number): MemberView {
  const isMuted = mutedUntilMs > nowMs;
  return { userId, role, joinedAtMs, groupNickname: nickname, isMuted, mutedUntilMs: isMuted ? mutedUntilMs : 0 };
}
