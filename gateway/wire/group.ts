import type { AssistantMember, GroupInfo, MemberView } from "../../actors/conversation/contract.ts";
import { groupConversationId } from "../../actors/shared/ids.ts";
import type { ValueOf } from "./shapes/fields.ts";
import type { groupSettingsShape, WireAssistantMember, WireGroup, WireMember } from "./shapes/group.ts";
import { type Names, userInfoOf } from "./user.ts";

/** `remark`: the caller's own name for the group. */
export function groupOnWire(info: GroupInfo, remark: string): WireGroup {
  const { createdAtMs, updatedAtMs, mutedUntilMs, ...group } = info;
  return {
    ...group,
    mutedUntil: mutedUntil(info),
    remark,
    sessionId: groupConversationId(group.groupId),
    createdAt: createdAtMs,
    updatedAt: updatedAtMs,
  };
}

export function groupSettingsOnWire(info: GroupInfo): ValueOf<typeof groupSettingsShape> {
  const { groupId, joinVerify, isMuted, allowMemberInvite, allowViewHistory } = info;
  const { allowAddFriend, allowViewMembers, showMemberNickname } = info;
  return {
    ...{ groupId, joinVerify, isMuted, mutedUntil: mutedUntil(info), allowMemberInvite, allowViewHistory },
    ...{ allowAddFriend, allowViewMembers, showMemberNickname },
  };
}

/** A mute without an end has the same value for a group and for a member. */
function mutedUntil({ isMuted, mutedUntilMs }: Pick<GroupInfo, "isMuted" | "mutedUntilMs">): number {
  return isMuted && mutedUntilMs === 0 ? Number.MAX_SAFE_INTEGER : mutedUntilMs;
}

export function assistantMemberOnWire({ joinedAtMs, ...member }: AssistantMember): WireAssistantMember {
  return { type: "assistant", ...member, joinedAt: joinedAtMs };
}

/** Both spellings: names stand beside the role, and in `userInfo`. */
export function memberOnWire(member: MemberView, names: Names): WireMember {
  const { joinedAtMs, mutedUntilMs, ...plain } = member;
  const userInfo = userInfoOf(names, member.userId);
  const { nickname, avatar } = userInfo;
  return { ...plain, mutedUntil: mutedUntilMs, nickname, avatar, joinedAt: joinedAtMs, userInfo };
}
