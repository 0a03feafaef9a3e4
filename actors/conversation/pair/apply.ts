import type { FriendshipEvent } from "../model/pair-events.ts";
import { otherSide, type PairState, type Side, sideOf } from "../model/pair-state.ts";

export function applyFriendship(pair: PairState, event: FriendshipEvent, atMs: number): void {
  switch (event.type) {
    case "friend_requested": {
      const { requestId, message, source, groupId, expiresAtMs } = event;
      const asked = { requestId, message, source, expiresAtMs, ...(groupId !== undefined && { groupId }) };
      setRequest(pair, event.from, { ...asked, status: "pending", createdAtMs: atMs });
      break;
    }
    case "friend_request_rejected":
      setStatus(pair, event.from, "rejected");
      break;
    case "befriended":
      pair.isFriend = true;
      for (const { from } of event.accepted) setStatus(pair, from, "accepted");
      break;
    case "unfriended":
      pair.isFriend = false;
      break;
    case "blocked":
      setBlocked(pair, event.by, atMs);
      break;
    case "unblocked":
      setBlocked(pair, event.by, 0);
      break;
  }
}

function setRequest(pair: PairState, from: string, request: PairState["requests"][Side]): void {
  const side = sideOf(pair, from);
  if (side !== undefined) pair.requests[side] = request;
}

function setStatus(pair: PairState, from: string, status: "accepted" | "rejected"): void {
  const side = sideOf(pair, from);
  const request = side === undefined ? undefined : pair.requests[side];
  if (request) setRequest(pair, from, { ...request, status });
}

function setBlocked(pair: PairState, by: string, atMs: number): void {
  const side = sideOf(pair, by);
  if (side === undefined) return;
  pair.blockedAtMs = side === 0 ? [atMs, pair.blockedAtMs[1]] : [pair.blockedAtMs[0], atMs];
}

/** The other user of the pair; undefined for a user who is not in it. */
export function otherUser(pair: PairState, userId: string): string | undefined {
  const side = sideOf(pair, userId);
  return side === undefined ? undefined : pair.users[otherSide(side)];
}
