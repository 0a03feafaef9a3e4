// Commands of a pair: friend requests, end of friendship, blocks. The pair decides; the lists of both users are copies that the
// outbox keeps up to date.

import { checkText } from "../../shared/check-text.ts";
import { DomainError } from "../../shared/errors.ts";
import { isOpenRequest } from "../../shared/friend-request.ts";
import type { UserId } from "../../shared/ids.ts";
import { maxChars } from "../../shared/limits.ts";
import { User } from "../../user/contract.ts";
import { type FriendRequest, type PairState, sideOf } from "../model/pair-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { otherUser } from "./apply.ts";
import type { PairCommands } from "./contract.ts";
import { getOther } from "./other.ts";

export async function requestFriend(
  turn: ConversationTurn,
  { from, message, source, groupId }: Parameters<PairCommands["requestFriend"]>[0],
  { rules }: ConversationPorts,
): Promise<{ requestId: string; status: "pending" | "accepted" }> {
  if (turn.key === `s_${from}_${from}`) throw new DomainError("friend.self");
  const { pair, to } = pairFor(turn, from, "friend.request", rules);
  checkText("message", message, maxChars.requestMessage);
  checkText("source", source, maxChars.requestSource);
  if (pair.isFriend) throw new DomainError("friend.already");
  if (isOpen(requestOf(pair, from), turn.nowMs)) throw new DomainError("friend.request_pending");
  const [own, other] = await Promise.all([turn.ask(User, from).card({}), turn.ask(User, to).card({})]);
  if (own.friendCount >= rules.maxFriends) throw new DomainError("friend.too_many");
  if (other.friendCount >= rules.maxFriends) throw new DomainError("friend.other_too_many");
  const requestId = String(turn.stamp());
  closeExpired(turn, pair);
  const asked = { requestId, from, message, source, groupId, expiresAtMs: turn.nowMs + rules.friendRequestMs };
  turn.emit({ type: "friend_requested", ...asked });
  // Friends at once: the other user has asked as well, or wants no requests.
  const theirs = requestOf(pair, to);
  if (isOpen(theirs, turn.nowMs) && theirs) {
    befriend(turn, from, [asked, { ...theirs, from: to }]);
    return { requestId, status: "accepted" };
  }
  if (!other.friendVerifyRequired) {
    befriend(turn, to, [asked]);
    return { requestId, status: "accepted" };
  }
  tellRequest(turn, asked, "pending");
  turn.settle();
  return { requestId, status: "pending" };
}

export async function handleFriendRequest(
  turn: ConversationTurn,
  { by, requestId, accept }: { by: UserId; requestId: string; accept: boolean },
  { rules }: ConversationPorts,
): Promise<{ status: "accepted" | "rejected" }> {
  const { pair, to: from } = pairFor(turn, by, accept ? "friend.accept" : "friend.reject", rules);
  const request = requestOf(pair, from);
  if (request?.requestId !== requestId) throw new DomainError("friend.request_not_found");
  if (request.status !== "pending") throw new DomainError("friend.request_handled");
  if (!isOpen(request, turn.nowMs)) throw new DomainError("friend.request_expired");
  const asked = { ...request, from };
  if (!accept) {
    turn.emit({ type: "friend_request_rejected", requestId, from, by });
    tellRequest(turn, asked, "rejected");
    turn.settle();
    return { status: "rejected" };
  }
  const [own, other] = await Promise.all([turn.ask(User, by).card({}), turn.ask(User, from).card({})]);
  if (own.friendCount >= rules.maxFriends) throw new DomainError("friend.too_many");
  if (other.friendCount >= rules.maxFriends) throw new DomainError("friend.other_too_many");
  const mine = requestOf(pair, by);
  befriend(turn, by, mine?.status === "pending" ? [asked, { ...mine, from: by }] : [asked]);
  return { status: "accepted" };
}

/** Ends the friendship on both sides. The conversation stays; sending is refused. */
export function deleteFriend(turn: ConversationTurn, { by }: { by: UserId }, { rules }: ConversationPorts): null {
  const { pair } = pairFor(turn, by, "friend.delete", rules);
  if (!pair.isFriend) throw new DomainError("friend.not_found");
  turn.emit({ type: "unfriended", version: turn.state.version + 1, lastSeq: turn.state.seq, by });
  tellFriendship(turn, pair, false);
  turn.settle();
  return null;
}

export async function block(
  turn: ConversationTurn,
  { by }: { by: UserId },
  { rules }: ConversationPorts,
): Promise<{ blockedAtMs: number }> {
  const { pair, to } = pairFor(turn, by, "friend.block", rules);
  if (pair.blockedAtMs[sideOf(pair, by) ?? 0] > 0) throw new DomainError("friend.blocked_already");
  const own = await turn.ask(User, by).card({});
  if (own.blockCount >= rules.maxBlocked) throw new DomainError("friend.blacklist_full");
  await getOther(turn, by);
  turn.emit({ type: "blocked", by });
  turn.tell(User, by).blockChanged({ userId: to, isBlocked: true, atMs: turn.nowMs });
  turn.settle();
  return { blockedAtMs: turn.nowMs };
}

export function unblock(turn: ConversationTurn, { by }: { by: UserId }, { rules }: ConversationPorts): null {
  const { pair, to } = pairFor(turn, by, "friend.unblock", rules);
  if (pair.blockedAtMs[sideOf(pair, by) ?? 0] === 0) throw new DomainError("friend.not_blocked");
  turn.emit({ type: "unblocked", by });
  turn.tell(User, by).blockChanged({ userId: to, isBlocked: false, atMs: turn.nowMs });
  turn.settle();
  return null;
}

type Asked = Pick<FriendRequest, "requestId" | "message" | "source" | "groupId" | "expiresAtMs"> & { from: UserId };
type FriendOperation =
  | "friend.request"
  | "friend.accept"
  | "friend.reject"
  | "friend.delete"
  | "friend.block"
  | "friend.unblock";

/** The pair and the other user, if the authorization table allows the operation. */
function pairFor(
  turn: ConversationTurn,
  userId: UserId,
  operation: FriendOperation,
  rules: ConversationPorts["rules"],
): { pair: PairState; to: UserId } {
  allow(turn.state, rules, operation, userId);
  const { pair } = turn.state;
  const to = pair && otherUser(pair, userId);
  if (!pair || to === undefined) throw new DomainError("session.not_found");
  return { pair, to };
}

function requestOf(pair: PairState, from: UserId): FriendRequest | undefined {
  const side = sideOf(pair, from);
  return side === undefined ? undefined : pair.requests[side];
}

function isOpen(request: FriendRequest | undefined, nowMs: number): boolean {
  return request !== undefined && isOpenRequest(request, nowMs);
}

/** Both lists still show a request that expired as pending: it is closed there when either user asks again. */
function closeExpired(turn: ConversationTurn, pair: PairState): void {
  for (const from of pair.users) {
    const request = requestOf(pair, from);
    if (request?.status !== "pending" || isOpen(request, turn.nowMs)) continue;
    tellRequest(turn, { ...request, from }, "expired");
  }
}

function befriend(turn: ConversationTurn, by: UserId, answered: Asked[]): void {
  const { state } = turn;
  const accepted = answered.map(({ requestId, from }) => ({ requestId, from }));
  turn.emit({ type: "befriended", version: state.version + 1, lastSeq: state.seq, by, accepted });
  for (const asked of answered) tellRequest(turn, asked, "accepted");
  if (state.pair) tellFriendship(turn, state.pair, true);
  turn.settle();
}

function tellFriendship(turn: ConversationTurn, { users: [a, b] }: PairState, isFriend: boolean): void {
  turn.tell(User, a).friendChanged({ userId: b, isFriend, atMs: turn.nowMs });
  turn.tell(User, b).friendChanged({ userId: a, isFriend, atMs: turn.nowMs });
}

/** The request enters the lists of both users, as received or as sent. */
function tellRequest(turn: ConversationTurn, asked: Asked, status: FriendRequest["status"] | "expired"): void {
  const { pair } = turn.state;
  const to = pair && otherUser(pair, asked.from);
  if (to === undefined) return;
  const { requestId, from, message, source, groupId, expiresAtMs } = asked;
  const request = { requestId, message, source, groupId, expiresAtMs, status, atMs: turn.nowMs };
  turn.tell(User, to).requestChanged({ ...request, userId: from, direction: "received" });
  turn.tell(User, from).requestChanged({ ...request, userId: to, direction: "sent" });
}
