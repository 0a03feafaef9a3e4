// Members by a part of their names. A group of moderate size is read itself, so that a change counts at once. In a larger one the
// rows of names are searched, and what changed in the last minute is taken from the group.
import type { Role } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { groupConversationId, type UserId } from "../../../actors/shared/ids.ts";
import { canonicalText } from "../../../actors/shared/names.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { invalidField } from "../../input/rules.ts";
import { limits, takeOrRefuse } from "../../kit/rate-limit.ts";
import type { WireMember } from "../../wire/shapes/group.ts";
import type { Edge } from "../kit/route.ts";
import { groupOf } from "./groups.ts";
import { namedMembers } from "./named-members.ts";

interface Searching {
  caller: Caller;
  edge: Edge;
  call: CallOptions;
  groupId: string;
}
interface Query {
  keyword: string;
  role: Role | undefined;
  page: number;
  pageSize: number;
}
const membersPerRead = 500;
/** Rows are written much sooner. */
const rowsLagMs = 60_000;

export async function findMembers(searching: Searching, query: Query) {
  const { caller, edge, call, groupId } = searching;
  takeOrRefuse(edge.rateLimits, limits.searchMembers, caller.userId);
  const all = { userId: caller.userId, from: { offset: 0 }, limit: 0 };
  const { total, changedAtMs } = await groupOf(edge, groupId).members(all, call);
  const isSmall = total <= edge.limits.maxMembersRead || query.role === "owner" || query.role === "admin";
  const found = isSmall ? await readMembers(searching, query) : await searchRows(searching, query, total);
  const { page, pageSize } = query;
  return { page, pageSize, nextCursor: null, ...found, deletedIds: [], full: true, updateTime: changedAtMs };
}

/** In the order of joining. */
async function readMembers({ caller, edge, call, groupId }: Searching, { keyword, role, page, pageSize }: Query) {
  const found: WireMember[] = [];
  for (let offset = 0; ; offset += membersPerRead) {
    const range = { userId: caller.userId, from: { offset }, limit: membersPerRead, ...(role && { role }) };
    const { members } = await groupOf(edge, groupId).members(range, call);
    found.push(...(await namedMembers(edge, members)).filter(isCalled(keyword)));
    if (members.length < membersPerRead) break;
  }
  const from = (page - 1) * pageSize;
  return { total: found.length, members: found.slice(from, from + pageSize) };
}

/** In the order of the id, those who changed in the last minute first. */
async function searchRows(searching: Searching, { keyword, role, page, pageSize }: Query, size: number) {
  const { caller, edge, call, groupId } = searching;
  const { userId } = caller;
  const group = groupOf(edge, groupId);
  const recent = await group.memberChanges({ userId, sinceMs: edge.clock.nowMs() - rowsLagMs }, call);
  const staff = role === "member" ? await staffOf(searching) : [];
  const isAsked = (member: WireMember) => role === undefined || member.role === role;
  const fresh = (await namedMembers(edge, recent.members)).filter(isCalled(keyword)).filter(isAsked);
  const offset = (page - 1) * pageSize;
  const first = fresh.slice(offset, offset + pageSize);
  const { known, total, userIds } = await edge.directory.searchMembers(groupConversationId(groupId), {
    part: canonicalText(keyword),
    except: [...recent.members.map((member) => member.userId), ...recent.goneIds, ...staff],
    offset: Math.max(0, offset - fresh.length),
    max: pageSize - first.length,
  });
  // A group that was there before the rows: a part of its members would be an answer that looks like all of them.
  if (known + recent.members.length < size) {
    throw invalidField(
      "keyword",
      `a group of at most ${edge.limits.maxMembersRead} members, as its names are not kept yet`,
    );
  }
  const { members } = await group.memberViews({ userId, userIds }, call);
  return { total: fresh.length + total, members: [...first, ...(await namedMembers(edge, members))] };
}

/** Owner and admins, of whom a group has few. */
async function staffOf({ caller, edge, call, groupId }: Searching): Promise<UserId[]> {
  const range = { userId: caller.userId, from: { offset: 0 }, limit: membersPerRead };
  const lists = await Promise.all(
    (["owner", "admin"] as const).map((role) => groupOf(edge, groupId).members({ ...range, role }, call)),
  );
  return lists.flatMap(({ members }) => members.map((member) => member.userId));
}

function isCalled(keyword: string) {
  const part = canonicalText(keyword);
  const has = (name: string) => canonicalText(name).includes(part);
  return ({ nickname, groupNickname }: WireMember): boolean => has(nickname) || has(groupNickname);
}
