// How users keep their friends: groups of friends, and stars.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { User } from "../../../actors/user/contract.ts";
import { maxFriendGroupSort, maxFriendGroups } from "../../../actors/user/friends.ts";
import type { RuleObject } from "../../input/compiler.ts";
import { shownText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import {
  friendGroupListShape,
  friendGroupShape,
  friendGroupsSetShape,
  starredShape,
} from "../../wire/shapes/friend.ts";
import { itemsOf, splitItems } from "../kit/items.ts";
import { type Edge, type Route, route } from "../kit/route.ts";

const groupName: RuleObject = { ...shownText(maxChars.friendGroupName), min: 1 };
const sort: RuleObject = { type: "number", integer: true, min: 0, max: maxFriendGroupSort, optional: true };

export const friendGroupRoutes: Route[] = [
  route({
    method: "GET",
    path: "/friends/groups",
    auth: "user",
    summary: "The caller's groups of friends, in their order",
    answers: friendGroupListShape,
    handle: async ({ caller, edge, call }) => ({ groups: await friendGroupsOf(edge, caller.userId, call) }),
  }),
  route({
    method: "POST",
    path: "/friends/groups",
    auth: "user",
    summary: "Makes a group of friends; without `sort` it is the last one",
    body: schema<{ name: string; sort?: number }>({ name: groupName, sort }, { example: { name: "Family" } }),
    answers: friendGroupShape,
    errors: ["friend.too_many_groups"],
    handle: ({ caller, body, edge, call }) => edge.actors.get(User, caller.userId).addFriendGroup(body, call),
  }),
  route({
    method: "PUT",
    path: "/friends/groups/:id",
    auth: "user",
    summary: "Renames or moves a group of friends",
    body: schema<{ name?: string; sort?: number }>(
      { name: { ...groupName, optional: true }, sort },
      { example: { name: "Family" }, refuses: "common.invalid" },
    ),
    answers: friendGroupShape,
    errors: ["friend.group_not_found"],
    handle: ({ caller, params, body, edge, call }) =>
      edge.actors.get(User, caller.userId).changeFriendGroup({ groupId: params.id, ...body }, call),
  }),
  route({
    method: "DELETE",
    path: "/friends/groups/:id",
    auth: "user",
    summary: "Removes a group of friends; its friends stay",
    answers: nothing,
    errors: ["friend.group_not_found"],
    handle: ({ caller, params, edge, call }) =>
      edge.actors.get(User, caller.userId).removeFriendGroup({ groupId: params.id }, call),
  }),
  route({
    method: "PUT",
    path: "/friends/:id/groups",
    auth: "user",
    summary: "Puts a friend into these groups of friends and no others",
    body: schema<{ groupIds: string[] }>({
      groupIds: { type: "array", items: { type: "string", min: 1, max: 64 }, max: maxFriendGroups },
    }),
    answers: friendGroupsSetShape,
    errors: ["friend.not_found", "friend.group_not_found"],
    async handle({ caller, params, body, edge, call }) {
      const groupIds = [...new Set(body.groupIds)];
      await edge.actors.get(User, caller.userId).setFriendGroups({ userId: params.id, groupIds }, call);
      return { userId: params.id, groupIds };
    },
  }),
  route({
    method: "PUT",
    path: "/friends/:id/star",
    auth: "user",
    summary: "Marks a friend as a favourite, or not",
    body: schema<{ starred: boolean }>({ starred: "boolean" }),
    answers: starredShape,
    errors: ["friend.not_found"],
    async handle({ caller, params, body, edge, call }) {
      const isStarred = body.starred;
      await edge.actors.get(User, caller.userId).setStarred({ userId: params.id, isStarred }, call);
      return { userId: params.id, isStarred };
    },
  }),
];

export async function friendGroupsOf(edge: Edge, userId: UserId, call: CallOptions) {
  const [groups, friends] = await Promise.all([
    itemsOf(edge, userId, "friend_group", 0, call),
    itemsOf(edge, userId, "friend", 0, call),
  ]);
  const { live } = splitItems(friends.items);
  const sorted = splitItems(groups.items).live.toSorted((a, b) => a.sort - b.sort || Number(a.id) - Number(b.id));
  return sorted.map(({ id, name, sort }) => {
    const userIds = live.filter(({ groupIds }) => groupIds.includes(id)).map((friend) => friend.id);
    return { groupId: id, name, sort, userIds };
  });
}
