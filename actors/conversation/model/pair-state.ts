// The state of a pair: friendship, requests, blocks and marks of the two users. Sides are 0 and 1, in the order of the id.
import type { UserId } from "../../shared/ids.ts";

export interface PairState {
  readonly users: readonly [UserId, UserId];
  isFriend: boolean;
  /** The newest request of each side. */
  requests: [FriendRequest | undefined, FriendRequest | undefined];
  /** Since when each side has blocked the other; 0 = not blocked. */
  blockedAtMs: [number, number];
  marks: [PairMark, PairMark];
}
export interface FriendRequest {
  requestId: string;
  message: string;
  source: string;
  status: "pending" | "accepted" | "rejected";
  createdAtMs: number;
  groupId?: string;
  /** Absent in older states: the default. */
  expiresAtMs?: number;
}
interface PairMark {
  readSeq: number;
  deliveredSeq: number;
}
export type Side = 0 | 1;

export function emptyPair(users: readonly [UserId, UserId]): PairState {
  const unread: PairMark = { readSeq: 0, deliveredSeq: 0 };
  return {
    users,
    isFriend: false,
    requests: [undefined, undefined],
    blockedAtMs: [0, 0],
    marks: [unread, { ...unread }],
  };
}

/** Undefined for a user who is not in the pair. */
export function sideOf({ users }: PairState, userId: UserId): Side | undefined {
  if (users[0] === userId) return 0;
  return users[1] === userId ? 1 : undefined;
}

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}
