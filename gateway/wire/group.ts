import type { AssistantMember, GroupInfo, MemberView } from "../../actors/conversation/contract.ts";
import { groupConversationId, type UserId } from "../../actors/shared/ids.ts";
import type { WireAssistantMember, WireGroup, WireMember } from "./shapes/group.ts";

type Names = ReadonlyMap<UserId, { nickname: string; avatar: string }>;

export function groupOnWire({ createdAtMs, updatedAtMs, ...group }: GroupInfo): WireGroup {
  return { ...group, sessionId: groupConversationId(group.groupId), createdAt: createdAtMs, updatedAt: updatedAtMs };
}

export function assistantMemberOnWire({ joinedAtMs, ...member }: AssistantMember): WireAssistantMember {
  return { type: "assistant", ...member, joinedAt: joinedAtMs };
}

/** Both spellings: names stand beside the role, and in `userInfo`. */
export function memberOnWire(member: MemberView, names: Names): WireMember {
  const { joinedAtMs, ...plain } = member;
  const { nickname = "", avatar = "" } = names.get(member.userId) ?? {};
  return { ...plain, nickname, avatar, joinedAt: joinedAtMs, userInfo: { userId: member.userId, nickname, avatar } };
}
