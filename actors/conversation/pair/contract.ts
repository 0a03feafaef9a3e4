// Friendship of the two users of a pair.
import type { UserId } from "../../shared/ids.ts";

export interface PairCommands {
  /** `groupId`: where the two met, for the source "group". */
  requestFriend(input: { from: UserId; message: string; source: string; groupId?: string }): {
    requestId: string;
    status: "pending" | "accepted";
  };
  handleFriendRequest(input: { by: UserId; requestId: string; accept: boolean }): { status: "accepted" | "rejected" };
  deleteFriend(input: { by: UserId }): null;
  block(input: { by: UserId }): { blockedAtMs: number };
  unblock(input: { by: UserId }): null;
}

export interface PairQueries {
  relation(input: { userId: UserId }): { isFriend: boolean; blockedByMe: boolean; blockedByOther: boolean };
}
