// Changes of members of a group and of their roles.
import type { UserId } from "../../../actors/shared/ids.ts";
import { maxItems } from "../../../actors/shared/limits.ts";
import { need, optionalId, optionalIdsUpTo } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { invitedShape } from "../../wire/shapes/group.ts";
import { type Route, route } from "../kit/route.ts";
import { muteBody, muteUntil } from "./group-muting.ts";
import { groupOf } from "./groups.ts";

interface IdsBody {
  memberIds?: UserId[];
  userIds?: UserId[];
}
interface AdminsBody extends IdsBody {
  userId?: UserId;
}

const invitees = optionalIdsUpTo(maxItems.invitees);
const admins = optionalIdsUpTo(maxItems.admins);

export const groupMemberRoutes: Route[] = [
  route({
    method: "POST",
    path: "/groups/:id/members",
    auth: "user",
    summary: "Adds users, at most 200 a call",
    body: schema<IdsBody>({ memberIds: invitees, userIds: invitees }, { example: { memberIds: ["247239848101600"] } }),
    answers: invitedShape,
    does: ["group.invite", "group.invite_reserved"],
    errors: ["group.full"],
    async handle({ caller, params, body, edge, call }) {
      const userIds = [...new Set(need("memberIds", body.memberIds, body.userIds))];
      return groupOf(edge, params.id).invite({ by: caller.userId, userIds }, call);
    },
  }),

  route({
    method: "DELETE",
    path: "/groups/:id/members/:userId",
    auth: "user",
    summary: "Removes a member",
    answers: nothing,
    does: ["group.remove_member", "group.remove_admin", "group.remove_owner"],
    handle: ({ caller, params, edge, call }) =>
      groupOf(edge, params.id).removeMember({ by: caller.userId, userId: params.userId }, call),
  }),

  route({
    method: "POST",
    path: "/groups/:id/admins",
    auth: "user",
    summary: "Makes members admins",
    body: schema<AdminsBody>(
      { userId: optionalId, userIds: admins, memberIds: admins },
      { example: { userIds: ["247239848101600"] } },
    ),
    answers: nothing,
    does: ["group.set_role"],
    errors: ["group.owner_role"],
    async handle({ caller, params, body, edge, call }) {
      const userIds = body.userId === undefined ? need("userId", body.userIds, body.memberIds) : [body.userId];
      for (const userId of userIds) {
        const command = { by: caller.userId, userId, role: "admin" as const };
        const commandId = call.commandId && `${call.commandId}/${userId}`;
        await groupOf(edge, params.id).setRole(command, { ...call, commandId });
      }
      return null;
    },
  }),

  route({
    method: "DELETE",
    path: "/groups/:id/admins/:userId",
    auth: "user",
    summary: "Makes an admin an ordinary member",
    answers: nothing,
    does: ["group.set_role"],
    errors: ["group.owner_role"],
    handle: ({ caller, params, edge, call }) =>
      groupOf(edge, params.id).setRole({ by: caller.userId, userId: params.userId, role: "member" }, call),
  }),

  route({
    method: "PUT",
    path: "/groups/:id/members/:userId/role",
    auth: "user",
    summary: "Sets a member's role",
    body: schema<{ role: "admin" | "member" }>({ role: { type: "string", enum: ["admin", "member"] } }),
    answers: nothing,
    does: ["group.set_role"],
    errors: ["group.owner_role"],
    handle: ({ caller, params, body, edge, call }) =>
      groupOf(edge, params.id).setRole({ by: caller.userId, userId: params.userId, role: body.role }, call),
  }),

  route({
    method: "PUT",
    path: "/groups/:id/members/:userId/mute",
    auth: "user",
    summary: "Mutes a member for a time, or ends the mute",
    body: muteBody,
    answers: nothing,
    does: ["group.mute_member", "group.mute_admin", "group.mute_owner"],
    handle: ({ caller, params, body, edge, call }) =>
      groupOf(edge, params.id).muteMember(
        { by: caller.userId, userId: params.userId, untilMs: muteUntil(body, edge.clock.nowMs()) },
        call,
      ),
  }),
];
