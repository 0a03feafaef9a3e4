import type { Role } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { canonicalText } from "../../../actors/shared/names.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { invalidField } from "../../input/rules.ts";
import { limits, takeOrRefuse } from "../../kit/rate-limit.ts";
import { memberOnWire } from "../../wire/group.ts";
import { namesOf } from "../kit/names.ts";
import type { Edge } from "../kit/route.ts";
import { groupOf } from "./groups.ts";

/** A search reads every member and its name: larger groups are refused. */
const maxSearchedMembers = 2_000;
const membersPerRead = 500;

/** The members whose name, or name in the group, has the keyword in it; in the order of joining. */
export async function findMembers(
  { caller, edge, call }: { caller: Caller; edge: Edge; call: CallOptions },
  groupId: string,
  { keyword, role, page, pageSize }: { keyword: string; role: Role | undefined; page: number; pageSize: number },
) {
  takeOrRefuse(edge.rateLimits, limits.searchMembers, caller.userId);
  const sought = canonicalText(keyword);
  const found = [];
  let updateTime = 0;
  for (let offset = 0; ; offset += membersPerRead) {
    const range = {
      userId: caller.userId,
      from: { offset },
      limit: membersPerRead,
      ...(role !== undefined && { role }),
    };
    const { total, members, changedAtMs } = await groupOf(edge, groupId).members(range, call);
    if (total > maxSearchedMembers) throw invalidField("keyword", `a group of at most ${maxSearchedMembers} members`);
    if (offset === 0) updateTime = changedAtMs;
    const names = await namesOf(
      edge,
      members.map(({ userId }) => userId),
    );
    const shown = members.map((member) => memberOnWire(member, names));
    const isSought = (name: string) => canonicalText(name).includes(sought);
    found.push(...shown.filter((member) => isSought(member.nickname) || isSought(member.groupNickname)));
    if (members.length < membersPerRead) break;
  }
  const from = (page - 1) * pageSize;
  const members = found.slice(from, from + pageSize);
  return { total: found.length, page, pageSize, nextCursor: null, members, deletedIds: [], full: true, updateTime };
}
