// Creating, reading, leaving and dissolving groups.

import { Conversation, type GroupInfo } from "../../../actors/conversation/contract.ts";
import { groupConversationId, type UserId } from "../../../actors/shared/ids.ts";
import { maxChars, maxItems } from "../../../actors/shared/limits.ts";
import { User } from "../../../actors/user/contract.ts";
import {
  need,
  optionalFlag,
  optionalId,
  optionalIdsUpTo,
  optionalText,
  optionalTime,
  shownText,
  stampId,
} from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { groupOnWire } from "../../wire/group.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { createdGroupShape, groupListShape, groupShape } from "../../wire/shapes/group.ts";
import { checkAvatar } from "../kit/avatars.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { listGroups } from "./group-list.ts";

interface CreateBody {
  name: string;
  avatar?: string;
  memberIds?: string[];
  userIds?: string[];
  joinVerify?: boolean;
}
interface TransferBody {
  newOwnerId?: string;
  userId?: string;
}

export const groupName = { ...shownText(maxChars.groupName), min: 1 } as const;

/** The actor of the group whose id the client sent. */
export function groupOf(edge: Edge, groupId: string) {
  return edge.actors.get(Conversation, groupConversationId(stampId(groupId, "group.not_found")));
}

/** The group with the caller's own name for the group. */
export async function shown(edge: Edge, userId: UserId, info: GroupInfo) {
  const conversationId = groupConversationId(info.groupId);
  const { entry } = await edge.actors.get(User, userId).entry({ conversationId });
  return groupOnWire(info, entry?.remark ?? "");
}

export const groupRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups",
    auth: "user",
    summary: "The caller's groups; with lastUpdateTime the groups that changed since, and the ids of those left",
    query: schema<{ lastUpdateTime?: number }>({ lastUpdateTime: optionalTime }),
    answers: groupListShape,
    handle: ({ caller, query, edge, call }) =>
      listGroups(edge, caller.userId, msOfWireTime(query.lastUpdateTime ?? 0), call),
  }),

  route({
    method: "POST",
    path: "/groups",
    auth: "user",
    limit: limits.createGroup,
    summary: "Creates a group; failedIds names users who cannot be members, pendingIds those who are asked first",
    body: schema<CreateBody>(
      {
        name: groupName,
        avatar: optionalText(maxChars.groupAvatar),
        memberIds: optionalIdsUpTo(maxItems.invitees),
        userIds: optionalIdsUpTo(maxItems.invitees),
        joinVerify: optionalFlag,
      },
      { example: { name: "Hikers", memberIds: ["247239848101600"] } },
    ),
    answers: createdGroupShape,
    does: ["group.create"],
    errors: ["group.too_few_members", "group.full", "group.name_sensitive", "user.avatar_refused"],
    async handle({ caller, body, edge, call }) {
      const ownerId = caller.userId;
      const memberIds = [...new Set(need("memberIds", body.memberIds, body.userIds))];
      const { name, avatar = "" } = body;
      await checkAvatar(edge, { userId: ownerId, avatar, type: "group_avatar" }, call);
      // Under the client's key the user actor answers the same id again, so the group answers the same result.
      const { groupId } = await edge.actors.get(User, ownerId).newGroupId({}, call);
      const command = { ownerId, name, avatar, memberIds };
      const made = await groupOf(edge, groupId).createGroup(
        body.joinVerify === undefined ? command : { ...command, joinVerify: body.joinVerify },
        call,
      );
      const { failedIds, pendingIds, ...group } = made;
      return { ...groupOnWire(group, ""), failedIds, pendingIds };
    },
  }),

  route({
    method: "GET",
    path: "/groups/:id",
    auth: "user",
    summary: "A group, as its members see it",
    answers: groupShape,
    does: ["conversation.view"],
    handle: async ({ caller, params, edge, call }) =>
      shown(edge, caller.userId, await groupOf(edge, params.id).groupInfo({ userId: caller.userId }, call)),
  }),

  route({
    method: "DELETE",
    path: "/groups/:id",
    auth: "user",
    summary: "Dissolves the group",
    answers: nothing,
    does: ["group.dissolve"],
    handle: ({ caller, params, edge, call }) => groupOf(edge, params.id).dissolve({ by: caller.userId }, call),
  }),

  ...["/groups/:id/exit", "/groups/:id/quit"].map((path) =>
    route({
      method: "POST",
      path: path as "/groups/:id/exit",
      auth: "user",
      summary: "Leaves the group; the owner transfers it first",
      answers: nothing,
      does: ["group.exit"],
      handle: ({ caller, params, edge, call }) => groupOf(edge, params.id).exit({ userId: caller.userId }, call),
    }),
  ),

  route({
    method: "POST",
    path: "/groups/:id/transfer",
    auth: "user",
    summary: "Makes another member the owner",
    body: schema<TransferBody>(
      { newOwnerId: optionalId, userId: optionalId },
      { example: { newOwnerId: "247239848101600" } },
    ),
    answers: nothing,
    does: ["group.transfer"],
    handle: async ({ caller, params, body, edge, call }) =>
      groupOf(edge, params.id).transfer(
        { by: caller.userId, newOwnerId: need("newOwnerId", body.newOwnerId, body.userId) },
        call,
      ),
  }),
];
