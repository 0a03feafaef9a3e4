// Commands about one member (leave, remove, role, mute), and the end of the group.

import type { Operation } from "../../shared/authorization.ts";
import type { Role } from "../../shared/conversation.ts";
import { DomainError, invalidField } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { User } from "../../user/contract.ts";
import { discardReplies } from "../assistant/queue.ts";
import { type GroupState, isOwnRequest, type Member } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import type { ConversationTurn } from "../model/state.ts";
import { groupFor, notInGroup } from "./admit.ts";
import { tellEnded } from "./invitations.ts";
import { tellRequest } from "./join.ts";

const removing: Record<Role, Operation> = {
  owner: "group.remove_owner",
  admin: "group.remove_admin",
  member: "group.remove_member",
};
const muting: Record<Role, Operation> = {
  owner: "group.mute_owner",
  admin: "group.mute_admin",
  member: "group.mute_member",
};

export function removeMember(
  turn: ConversationTurn,
  { by, userId }: { by: UserId; userId: UserId },
  ports: ConversationPorts,
): null {
  const { role } = targetFor(turn, by, userId, "group.remove_member", ports);
  groupFor(turn, by, removing[role], ports);
  return leave(turn, userId, by, "removed");
}

export function exit(turn: ConversationTurn, { userId }: { userId: UserId }, ports: ConversationPorts): null {
  groupFor(turn, userId, "group.exit", ports);
  return leave(turn, userId, userId, "exit");
}

function leave(turn: ConversationTurn, userId: UserId, by: UserId, reason: "exit" | "removed"): null {
  const { version, seq } = turn.state;
  turn.emit({ type: "member_left", version: version + 1, lastSeq: seq, userId, by, reason });
  tellLeft(turn, userId, reason);
  turn.settle();
  return null;
}

/** `untilMs` 0 ends the mute. */
export function muteMember(
  turn: ConversationTurn,
  { by, userId, untilMs }: { by: UserId; userId: UserId; untilMs: number },
  ports: ConversationPorts,
): null {
  const { role, mutedUntilMs } = targetFor(turn, by, userId, "group.mute_member", ports);
  groupFor(turn, by, muting[role], ports);
  if (!(untilMs >= 0)) throw invalidField("untilMs", "a time");
  if (mutedUntilMs === untilMs) return null;
  const { version, seq } = turn.state;
  turn.emit({ type: "member_muted", version: version + 1, lastSeq: seq, userId, untilMs, by });
  return null;
}

export function setRole(
  turn: ConversationTurn,
  { by, userId, role }: { by: UserId; userId: UserId; role: "admin" | "member" },
  ports: ConversationPorts,
): null {
  const target = targetFor(turn, by, userId, "group.set_role", ports);
  if (target.role === "owner") throw new DomainError("group.owner_role");
  if (target.role === role) return null;
  const { version, seq } = turn.state;
  turn.emit({ type: "role_changed", version: version + 1, lastSeq: seq, userId, role, by });
  return null;
}

/** The old owner stays as a member. */
export function transfer(
  turn: ConversationTurn,
  { by, newOwnerId }: { by: UserId; newOwnerId: UserId },
  ports: ConversationPorts,
): null {
  const target = targetFor(turn, by, newOwnerId, "group.transfer", ports);
  if (target.role === "owner") throw new DomainError("common.conflict");
  const { version, seq, group } = turn.state;
  turn.emit({ type: "role_changed", version: version + 1, lastSeq: seq, userId: newOwnerId, role: "owner", by });
  const oldOwnerId = group?.ownerId ?? by;
  turn.emit({ type: "role_changed", version: version + 2, lastSeq: seq, userId: oldOwnerId, role: "member", by });
  return null;
}

/**
 * The group leaves the lists of its members; invitations and requests to join end in the lists of their users. The first lists
 * are changed by this turn, the others by turns of their own.
 */
export function dissolve(turn: ConversationTurn, { by }: { by: UserId }, ports: ConversationPorts): null {
  const group = groupFor(turn, by, "group.dissolve", ports);
  const { version, seq } = turn.state;
  turn.emit({ type: "disbanded", version: version + 1, lastSeq: seq, by });
  discardReplies(turn, () => true);
  const told = tellEndToNext(turn, group);
  if (!told.includes(by)) tellLeft(turn, by, "disbanded");
  turn.settle();
  return null;
}

/** Lists changed by one turn: each costs an outbox entry, and the record of a turn is kept below 64 KiB. */
const maxEndToldPerTurn = 200;

/** False when all lists are done. */
export function tellEnd(turn: ConversationTurn): boolean {
  const { group } = turn.state;
  if (!group || !endsToTell(group)) return false;
  tellEndToNext(turn, group);
  return true;
}

export function endsToTell(group: GroupState): boolean {
  return group.isDisbanded && group.endTold < group.members.size + group.invitations.size + ownRequests(group).length;
}

function tellEndToNext(turn: ConversationTurn, group: GroupState): readonly UserId[] {
  const { members, invitations, endTold } = group;
  const requests = ownRequests(group);
  // Nobody joins, leaves or answers any more, so the order stays.
  const userIds = [...members.keys(), ...invitations.keys(), ...requests.map(([, { userId }]) => userId)];
  const next = userIds.slice(endTold, endTold + maxEndToldPerTurn);
  for (const [i, userId] of next.entries()) {
    const place = endTold + i - members.size;
    const request = requests[place - invitations.size];
    if (place < 0) tellLeft(turn, userId, "disbanded");
    else if (request) tellRequest(turn, ...request, "rejected");
    else tellEnded(turn, userId, invitations.get(userId)!, "cancelled");
  }
  turn.emit({ type: "end_told", count: next.length });
  return next;
}

/** Requests to join that wait, and stand in the lists of those who asked. */
function ownRequests({ requests }: GroupState) {
  return [...requests].filter(([, request]) => request.status === "pending" && isOwnRequest(request));
}

function tellLeft(turn: ConversationTurn, userId: UserId, reason: "exit" | "removed" | "disbanded"): void {
  turn.tell(User, userId).conversationLeft({ conversationId: turn.key, reason, atMs: turn.nowMs });
}

/** The authorization table comes first, so that a stranger does not learn who is a member. */
function targetFor(
  turn: ConversationTurn,
  by: UserId,
  userId: UserId,
  operation: Operation,
  ports: ConversationPorts,
): Member {
  const group: GroupState = groupFor(turn, by, operation, ports);
  const member = group.members.get(userId);
  if (!member) throw notInGroup();
  return member;
}
