import type { GroupInfo } from "../../shared/conversation.ts";
import { DomainError } from "../../shared/errors.ts";
import type { GroupCreated } from "../model/group-events.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { distinctIds, tellJoined, vetInvitees } from "./admit.ts";
import { applyGroup } from "./apply.ts";
import type { GroupCommands } from "./contract.ts";
import { groupInfo } from "./info.ts";
import { inviteAsking } from "./invitations.ts";
import { checkPatch } from "./settings.ts";

type Create = GroupCommands["createGroup"];

/** A group needs a second user: unknown ids and users who blocked the owner do not count, users who are asked first do. */
export async function createGroup(
  turn: ConversationTurn,
  input: Parameters<Create>[0],
  ports: ConversationPorts,
): Promise<ReturnType<Create>> {
  const { rules } = ports;
  const { ownerId, name, avatar, joinVerify = true } = input;
  allow(turn.state, rules, "group.create", ownerId);
  checkPatch({ name, avatar }, ports);
  const ids = distinctIds(input.memberIds, new Set([ownerId]));
  if (ids.length === 0) throw new DomainError("group.too_few_members");
  if (ids.length + 1 > rules.maxGroupMembers) throw new DomainError("group.full");
  const { willing, asking, failed } = await vetInvitees(turn, ownerId, ids);
  if (willing.length + asking.length === 0) {
    throw new DomainError("group.too_few_members", { details: { failedIds: failed } });
  }
  const fanout = willing.length + 1 > rules.perUserFanoutMax ? "conversation" : "users";
  const created: GroupCreated = {
    type: "group_created",
    version: turn.state.version + 1,
    lastSeq: turn.state.seq,
    ownerId,
    name,
    avatar,
    joinVerify,
    maxMembers: rules.maxGroupMembers,
    fanout,
    userIds: willing,
  };
  turn.emit(created);
  inviteAsking(turn, { userIds: asking, by: ownerId, isApproved: true, groupName: name }, ports);
  for (const userId of [ownerId, ...willing]) tellJoined(turn, userId, fanout);
  turn.settle();
  return { ...previewInfo(turn, created), failedIds: failed, pendingIds: asking };
}

/** The group as it will be when the events of the turn are folded. */
function previewInfo(turn: ConversationTurn, created: GroupCreated): GroupInfo {
  const future = { ...turn.state };
  applyGroup(future, created, { key: turn.key, n: 0, stamp: 0, atMs: turn.nowMs });
  if (!future.group) throw new DomainError("group.not_found");
  return groupInfo(future.group, created.ownerId, turn.nowMs);
}
