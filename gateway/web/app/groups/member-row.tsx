import type { Group, Member } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icons.tsx";
import { MenuButton, type MenuItem } from "../ui/menu.tsx";

interface MemberRowProps {
  desk: Desk;
  group: Group;
  member: Member;
  attempt: (work: Promise<unknown>) => Promise<void>;
}

export function MemberRow({ desk, group, member, attempt }: MemberRowProps) {
  const { userId, nickname, groupNickname, avatar, role, isMuted } = member;
  const isSelf = userId === desk.userId;
  const name = desk.people.get(userId).name || nickname;
  const items = itemsOf(desk, group, member, attempt);
  return (
    <li class="person" data-testid="member">
      <Avatar id={userId} name={name} src={avatar} />
      <span class="person-lines">
        <b>{isSelf ? `${name} (${t("group.you")})` : name}</b>
        <small>{[role === "member" ? "" : t(`group.role.${role}`), groupNickname].filter(Boolean).join(" · ")}</small>
      </span>
      {isMuted && <Icon name="mute" />}
      {!isSelf && items.length > 0 && (
        <MenuButton icon="more" label={t("friends.more", { name })} items={() => items} />
      )}
    </li>
  );
}

function itemsOf(
  desk: Desk,
  { groupId, myRole }: Group,
  member: Member,
  attempt: MemberRowProps["attempt"],
): MenuItem[] {
  const { groups } = desk.client.api;
  const { userId, role, isMuted } = member;
  const isAbove = myRole === "owner" ? role !== "owner" : myRole === "admin" && role === "member";
  if (!isAbove) return [];
  const isAdmin = role === "admin";
  const change = (work: Promise<unknown>) => void attempt(work);
  const roleItem: MenuItem = {
    icon: isAdmin ? "undo" : "check",
    text: t(isAdmin ? "group.unmakeAdmin" : "group.makeAdmin"),
    act: () => change(groups.setRole(groupId, userId, isAdmin ? "member" : "admin")),
  };
  return [
    ...(myRole === "owner" ? [roleItem] : []),
    {
      icon: isMuted ? "bell" : "mute",
      text: t(isMuted ? "group.unmute" : "group.mute"),
      act: () => change(groups.muteMember(groupId, userId, !isMuted)),
    },
    {
      icon: "trash",
      text: t("group.remove"),
      isDanger: true,
      act: () => change(groups.removeMember(groupId, userId)),
    },
  ];
}
