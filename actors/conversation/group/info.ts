import type { GroupInfo } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import { type GroupState, isSilenced } from "../model/group-state.ts";
import type { MemberView } from "./contract.ts";

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
    isMuted: isSilenced(group, nowMs),
    allowMemberInvite: group.allowMemberInvite,
    allowViewHistory: group.allowViewHistory,
    createdAtMs: group.createdAtMs,
    updatedAtMs: group.updatedAtMs,
    myRole: group.members.get(viewerId)?.role,
  };
}

/** In order of joining. */
export function listMembers(group: GroupState, offset: number, limit: number, nowMs: number): MemberView[] {
  const views: MemberView[] = [];
  let place = 0;
  for (const [userId, { role, joinedAtMs, nickname, mutedUntilMs }] of group.members) {
    if (views.length >= limit) break;
    if (place >= offset) {
      views.push({ userId, role, joinedAtMs, groupNickname: nickname, isMuted: mutedUntilMs > nowMs });
    }
    place += 1;
  }
  return views;
}
