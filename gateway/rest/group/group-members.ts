// Members and their roles (seed 5.2.4).
import type { UserId } from "../../../actors/shared/ids.ts";
import { invalidField, need, optionalCount, optionalId, optionalIds } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { nothing } from "../../wire/fields.ts";
import { memberOnWire } from "../../wire/group.ts";
import { invitedShape, memberPageShape } from "../../wire/shapes/group.ts";
import { namesOf } from "../kit/names.ts";
import { type Route, route } from "../kit/route.ts";
import { muteBody, muteUntil } from "./group-muting.ts";
import { groupOf } from "./groups.ts";

interface PageQuery {
  page?: number;
  pageSize?: number;
}
interface IdsBody {
  memberIds?: UserId[];
  userIds?: UserId[];
}
interface AdminsBody extends IdsBody {
  userId?: UserId;
}
const maxAdminsPerCall = 20; // one command each

export const groupMemberRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/:id/members",
    auth: "user",
    summary: "A page of the members",
    query: schema<PageQuery>({ page: optionalCount(100_000), pageSize: optionalCount(500) }),
    answers: memberPageShape,
    async handle({ caller, params, query, edge, call }) {
      const page = query.page ?? 1;
      const pageSize = query.pageSize ?? 100;
      const range = { userId: caller.userId, offset: (page - 1) * pageSize, limit: pageSize };
      const { total, members } = await groupOf(edge, params.id).members(range, call);
      const names = await namesOf(
        edge,
        members.map((member) => member.userId),
      );
      return { total, page, pageSize, members: members.map((member) => memberOnWire(member, names)) };
    },
  }),

  route({
    method: "POST",
    path: "/groups/:id/members",
    auth: "user",
    summary: "Adds users, at most 200 a call",
    body: schema<IdsBody>({ memberIds: optionalIds, userIds: optionalIds }),
    answers: invitedShape,
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
    handle: ({ caller, params, edge, call }) =>
      groupOf(edge, params.id).removeMember({ by: caller.userId, userId: params.userId }, call),
  }),

  route({
    method: "POST",
    path: "/groups/:id/admins",
    auth: "user",
    summary: "Makes members admins",
    body: schema<AdminsBody>({ userId: optionalId, userIds: optionalIds, memberIds: optionalIds }),
    answers: nothing,
    async handle({ caller, params, body, edge, call }) {
      const userIds = body.userId === undefined ? need("userId", body.userIds, body.memberIds) : [body.userId];
      if (userIds.length > maxAdminsPerCall) throw invalidField("userIds", `at most ${maxAdminsPerCall}`);
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
    handle: ({ caller, params, body, edge, call }) =>
      groupOf(edge, params.id).setRole({ by: caller.userId, userId: params.userId, role: body.role }, call),
  }),

  route({
    method: "PUT",
    path: "/groups/:id/members/:userId/mute",
    auth: "user",
    summary: "Mutes a member for a time, or no more",
    body: muteBody,
    answers: nothing,
    handle: ({ caller, params, body, edge, call }) =>
      groupOf(edge, params.id).muteMember(
        { by: caller.userId, userId: params.userId, untilMs: muteUntil(body, edge.clock.nowMs()) },
        call,
      ),
  }),
];
