// Members of a group and their roles.
import type { UserId } from "../../../actors/shared/ids.ts";
import { maxChars, maxItems } from "../../../actors/shared/limits.ts";
import { need, optionalCount, optionalId, optionalIdsUpTo, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { assistantMemberOnWire, memberOnWire } from "../../wire/group.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { invitedShape, memberPageShape } from "../../wire/shapes/group.ts";
import { encodeCursor, optionalCursor, parseCursor } from "../kit/cursor.ts";
import { namesOf } from "../kit/names.ts";
import { type Route, route } from "../kit/route.ts";
import { findMembers } from "./find-members.ts";
import { muteBody, muteUntil } from "./group-muting.ts";
import { groupOf } from "./groups.ts";

interface PageQuery {
  page?: number;
  pageSize?: number;
  cursor?: string;
  keyword?: string;
}
interface IdsBody {
  memberIds?: UserId[];
  userIds?: UserId[];
}
interface AdminsBody extends IdsBody {
  userId?: UserId;
}

function placeAt(cursor: string) {
  const place = parseCursor(cursor);
  return place && { joinedAtMs: place.atMs, userId: place.id };
}

const invitees = optionalIdsUpTo(maxItems.invitees);
const admins = optionalIdsUpTo(maxItems.admins);

export const groupMemberRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/:id/members",
    auth: "user",
    summary:
      "A page of the members: by number, or by cursor (empty: the first), which skips nobody when others leave; with keyword only members with such a name, in groups of up to 2000",
    query: schema<PageQuery>({
      page: optionalCount(100_000),
      pageSize: optionalCount(500),
      cursor: optionalCursor,
      keyword: optionalText(maxChars.nickname),
    }),
    answers: memberPageShape,
    does: ["group.view_members", "group.view_members_reserved"],
    async handle({ caller, params, query, edge, call }) {
      const page = query.page ?? 1;
      const pageSize = query.pageSize ?? 100;
      if (query.keyword)
        return findMembers({ caller, edge, call }, params.id, { keyword: query.keyword, page, pageSize });
      const from = query.cursor === undefined ? { offset: (page - 1) * pageSize } : { after: placeAt(query.cursor) };
      const range = { userId: caller.userId, from, limit: pageSize };
      const { total, members, hasMore, assistants } = await groupOf(edge, params.id).members(range, call);
      const last = members.at(-1);
      const nextCursor =
        query.cursor !== undefined && last && hasMore ? encodeCursor({ atMs: last.joinedAtMs, id: last.userId }) : null;
      const names = await namesOf(
        edge,
        members.map((member) => member.userId),
      );
      return {
        ...{ total, page, pageSize, nextCursor, members: members.map((member) => memberOnWire(member, names)) },
        ...(assistants && { assistants: assistants.map(assistantMemberOnWire) }),
      };
    },
  }),

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
    errors: ["group.owner_must_transfer"],
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
    errors: ["group.owner_must_transfer"],
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
    errors: ["group.owner_must_transfer"],
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
