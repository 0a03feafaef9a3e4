// How users keep their friends: remarks, stars, and groups of friends. The user alone sees all of these.
import type { UserId } from "../shared/ids.ts";

export interface FriendGroup {
  groupId: string;
  name: string;
  /** Groups are shown in rising order. */
  sort: number;
}

export interface UserFriendCommands {
  /** Throws friend.not_found, as the next two do. */
  setRemark(input: { userId: UserId; remark: string }): null;
  setStarred(input: { userId: UserId; isStarred: boolean }): null;
  /** Puts the friend into these groups and no others. Throws friend.group_not_found. */
  setFriendGroups(input: { userId: UserId; groupIds: string[] }): null;
  /** Without `sort` the last one. Throws friend.too_many_groups. */
  addFriendGroup(input: { name: string; sort?: number }): FriendGroup;
  /** Throws friend.group_not_found. */
  changeFriendGroup(input: { groupId: string; name?: string; sort?: number }): FriendGroup;
  /** Its friends stay friends. Throws friend.group_not_found. */
  removeFriendGroup(input: { groupId: string }): null;
}
