// How users keep their friends: remarks, stars, and groups of friends.
import type { RecordMeta } from "../runtime/contract.ts";
import { DomainError, invalidField } from "../shared/errors.ts";
import { maxChars } from "../shared/limits.ts";
import { isLongerThan, shownName } from "../shared/names.ts";
import type { ByType, FriendEvent } from "./events.ts";
import type { FriendGroup } from "./friend-contract.ts";
import { buryItem, type Item, putItem, type UserState } from "./state.ts";
import { type Input, nextVersion, type UserTurn } from "./turn.ts";
import { assertRemark } from "./validate.ts";

/** More are refused: friend.too_many_groups. */
export const maxFriendGroups = 100;
export const maxFriendGroupSort = 1_000_000;

export const friendCommands = {
  setRemark(turn: UserTurn, input: Input<"setRemark">): null {
    assertRemark(input.remark);
    const friend = getFriend(turn.state, input.userId);
    if (friend.remark !== input.remark) turn.emit({ type: "remark_set", version: nextVersion(turn), ...input });
    return null;
  },

  setStarred(turn: UserTurn, { userId, isStarred }: Input<"setStarred">): null {
    const friend = getFriend(turn.state, userId);
    if (friend.isStarred !== isStarred) turn.emit({ type: "starred", version: nextVersion(turn), userId, isStarred });
    return null;
  },

  setFriendGroups(turn: UserTurn, { userId, groupIds }: Input<"setFriendGroups">): null {
    const friend = getFriend(turn.state, userId);
    const unique = [...new Set(groupIds)];
    for (const groupId of unique) getGroup(turn.state, groupId);
    const isSame = unique.length === friend.groupIds.length && unique.every((id) => friend.groupIds.includes(id));
    if (!isSame) turn.emit({ type: "friend_groups_set", version: nextVersion(turn), userId, groupIds: unique });
    return null;
  },

  addFriendGroup(turn: UserTurn, { name, sort }: Input<"addFriendGroup">): FriendGroup {
    const groups = [...turn.state.lists.friend_group.values()];
    if (groups.length >= maxFriendGroups) throw new DomainError("friend.too_many_groups");
    const last = groups.reduce((highest, group) => Math.max(highest, group.sort), 0);
    const group = checked({
      groupId: String(turn.stamp()),
      name,
      sort: sort ?? Math.min(last + 1, maxFriendGroupSort),
    });
    turn.emit({ type: "friend_group_set", version: nextVersion(turn), ...group });
    return group;
  },

  changeFriendGroup(turn: UserTurn, { groupId, name, sort }: Input<"changeFriendGroup">): FriendGroup {
    const known = getGroup(turn.state, groupId);
    const group = checked({ groupId, name: name ?? known.name, sort: sort ?? known.sort });
    if (group.name !== known.name || group.sort !== known.sort) {
      turn.emit({ type: "friend_group_set", version: nextVersion(turn), ...group });
    }
    return group;
  },

  removeFriendGroup(turn: UserTurn, { groupId }: Input<"removeFriendGroup">): null {
    getGroup(turn.state, groupId);
    turn.emit({ type: "friend_group_removed", version: nextVersion(turn), groupId });
    return null;
  },
};

export const friendAppliers: ByType<FriendEvent, [UserState, RecordMeta], void> = {
  remark_set: ({ userId, remark, version }, state, meta) => change(state, userId, { remark }, version, meta),
  starred: ({ userId, isStarred, version }, state, meta) => change(state, userId, { isStarred }, version, meta),
  friend_groups_set: ({ userId, groupIds, version }, state, meta) => change(state, userId, { groupIds }, version, meta),
  friend_group_set({ groupId: id, name, sort, version }, state, { atMs }) {
    putItem(state, { type: "friend_group", id, name, sort, version, updatedAtMs: atMs });
  },
  friend_group_removed({ groupId, version }, state, meta) {
    buryItem(state, "friend_group", groupId, version, meta.atMs);
    for (const { id, groupIds } of [...state.lists.friend.values()]) {
      if (!groupIds.includes(groupId)) continue;
      change(state, id, { groupIds: groupIds.filter((each) => each !== groupId) }, version, meta);
    }
  },
};

function change(
  state: UserState,
  userId: string,
  changed: Partial<Item<"friend">>,
  version: number,
  { atMs }: RecordMeta,
): void {
  const friend = state.lists.friend.get(userId);
  if (friend) putItem(state, { ...friend, ...changed, version, updatedAtMs: atMs });
}

function getFriend(state: UserState, userId: string): Item<"friend"> {
  const friend = state.lists.friend.get(userId);
  if (!friend) throw new DomainError("friend.not_found");
  return friend;
}

function getGroup(state: UserState, groupId: string): Item<"friend_group"> {
  const group = state.lists.friend_group.get(groupId);
  if (!group) throw new DomainError("friend.group_not_found");
  return group;
}

function checked(group: FriendGroup): FriendGroup {
  const { name, sort } = group;
  const isName = typeof name === "string" && !isLongerThan(name, maxChars.friendGroupName);
  if (!isName || shownName(name) === undefined)
    throw invalidField("name", `1 to ${maxChars.friendGroupName} characters`);
  if (!Number.isInteger(sort) || sort < 0 || sort > maxFriendGroupSort) {
    throw invalidField("sort", `0 to ${maxFriendGroupSort}`);
  }
  return group;
}
