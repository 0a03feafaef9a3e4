import { checkText } from "../../shared/check-text.ts";
import type { GroupInfo, GroupPatch } from "../../shared/conversation.ts";
import { DomainError, invalidField } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { maxChars } from "../../shared/limits.ts";
import type { GroupState } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import type { ConversationTurn } from "../model/state.ts";
import { groupFor } from "./admit.ts";
import { groupInfo } from "./info.ts";

/** Changes name, picture, announcement, the rules of joining, or the mute of the whole group. */
export function updateGroup(
  turn: ConversationTurn,
  { by, patch }: { by: UserId; patch: GroupPatch },
  ports: ConversationPorts,
): GroupInfo {
  const group = groupFor(turn, by, "group.update", ports);
  checkPatch(patch, ports);
  const changed = changedOnly(group, patch);
  if (Object.keys(changed).length > 0) {
    const { version, seq } = turn.state;
    turn.emit({ type: "info_updated", version: version + 1, lastSeq: seq, by, patch: changed });
  }
  const mutedUntilMs = changed.isMuted === undefined ? group.mutedUntilMs : (changed.mutedUntilMs ?? 0);
  return groupInfo({ ...group, ...changed, mutedUntilMs, updatedAtMs: turn.nowMs }, by, turn.nowMs);
}

export function setGroupNickname(
  turn: ConversationTurn,
  { userId, nickname }: { userId: UserId; nickname: string },
  ports: ConversationPorts,
): null {
  const group = groupFor(turn, userId, "group.nickname", ports);
  checkText("nickname", nickname, maxChars.groupNickname);
  if (ports.rules.sensitiveWords.isIn(nickname)) throw new DomainError("user.nickname_sensitive");
  if (group.members.get(userId)?.nickname === nickname) return null;
  const { version, seq } = turn.state;
  turn.emit({ type: "nickname_changed", version: version + 1, lastSeq: seq, userId, nickname });
  return null;
}

export function checkPatch(
  { name, avatar, announcement, mutedUntilMs }: GroupPatch,
  { rules }: ConversationPorts,
): void {
  if (name !== undefined) {
    if (typeof name !== "string" || name.trim() === "")
      throw invalidField("name", `1 to ${maxChars.groupName} characters`);
    checkText("name", name, maxChars.groupName);
    if (rules.sensitiveWords.isIn(name)) throw new DomainError("group.name_sensitive");
  }
  if (avatar !== undefined) checkText("avatar", avatar, maxChars.groupAvatar);
  if (announcement !== undefined) {
    checkText("announcement", announcement, maxChars.announcement);
    if (rules.sensitiveWords.isIn(announcement)) throw new DomainError("group.announcement_sensitive");
  }
  if (mutedUntilMs !== undefined && !(mutedUntilMs >= 0)) throw invalidField("mutedUntilMs", "a time");
}

const patchFields = [
  "name",
  "avatar",
  "announcement",
  "joinVerify",
  "isMuted",
  "allowMemberInvite",
  "allowViewHistory",
  "allowAddFriend",
  "allowViewMembers",
  "showMemberNickname",
] as const;

function changedOnly(group: GroupState, patch: GroupPatch): GroupPatch {
  const changed: Record<string, string | boolean | number> = {};
  for (const field of patchFields) {
    const value = patch[field];
    if (value !== undefined && value !== group[field]) changed[field] = value;
  }
  const untilMs = patch.isMuted ? (patch.mutedUntilMs ?? 0) : 0;
  if (patch.isMuted !== undefined && untilMs !== group.mutedUntilMs) {
    changed.isMuted = patch.isMuted;
    changed.mutedUntilMs = untilMs;
  }
  return changed;
}
