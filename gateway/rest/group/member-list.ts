// Members of a group: page by page, what changed of them since a time, and by name.
import type { Role } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { optionalCount, optionalText, optionalTime } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { assistantMemberOnWire } from "../../wire/group.ts";
import { memberPageShape } from "../../wire/shapes/group.ts";
import { encodeCursor, optionalCursor, parseCursor } from "../kit/cursor.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { findMembers } from "./find-members.ts";
import { groupOf } from "./groups.ts";
import { namedMembers } from "./named-members.ts";

interface PageQuery {
  page?: number;
  pageSize?: number;
  cursor?: string;
  keyword?: string;
  role?: Role;
  lastUpdateTime?: number;
}

export const memberListRoute: Route = route({
  method: "GET",
  path: "/groups/:id/members",
  auth: "user",
  summary:
    "A page of the members: by number, or by cursor (empty: the first), which skips nobody when others leave; with role only those; with keyword only members with such a name, or name in the group; with lastUpdateTime what changed since, or the first page of all (full) where that is not known",
  query: schema<PageQuery>({
    page: optionalCount(100_000),
    pageSize: optionalCount(500),
    cursor: optionalCursor,
    keyword: optionalText(maxChars.memberKeyword),
    role: { type: "string", enum: ["owner", "admin", "member"], optional: true },
    lastUpdateTime: optionalTime,
  }),
  answers: memberPageShape,
  does: ["group.view_members", "group.view_members_reserved"],
  async handle({ caller, params, query, edge, call }) {
    const { page = 1, pageSize = 100, keyword, cursor, role, lastUpdateTime = 0 } = query;
    const numbers = { page, pageSize };
    if (keyword) return findMembers({ caller, edge, call, groupId: params.id }, { keyword, role, ...numbers });
    const sinceMs = msOfWireTime(lastUpdateTime);
    const changed = sinceMs > 0 && (await changesSince(edge, params.id, caller.userId, sinceMs, call));
    if (changed) return { total: changed.members.length, ...numbers, ...changed };
    const isByCursor = cursor !== undefined || sinceMs > 0;
    const from = isByCursor ? { after: placeAt(cursor ?? "") } : { offset: (page - 1) * pageSize };
    const range = { userId: caller.userId, from, limit: pageSize, ...(role !== undefined && { role }) };
    const { total, members, hasMore, assistants, changedAtMs } = await groupOf(edge, params.id).members(range, call);
    const last = members.at(-1);
    const nextCursor = isByCursor && last && hasMore ? encodeCursor({ atMs: last.joinedAtMs, id: last.userId }) : null;
    return {
      ...{ total, ...numbers, nextCursor, members: await namedMembers(edge, members) },
      ...(assistants && { assistants: assistants.map(assistantMemberOnWire) }),
      ...{ deletedIds: [], full: true, updateTime: changedAtMs },
    };
  },
});

/** Undefined where not all changes of that time are known. */
async function changesSince(edge: Edge, groupId: string, userId: UserId, sinceMs: number, call: CallOptions) {
  const { full, members, goneIds, changedAtMs } = await groupOf(edge, groupId).memberChanges({ userId, sinceMs }, call);
  if (full) return undefined;
  return {
    ...{ nextCursor: null, members: await namedMembers(edge, members), deletedIds: goneIds, full },
    updateTime: Math.max(changedAtMs, sinceMs),
  };
}

function placeAt(cursor: string) {
  const place = parseCursor(cursor);
  return place && { joinedAtMs: place.atMs, userId: place.id };
}
