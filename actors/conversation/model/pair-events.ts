import type { UserId } from "../../shared/ids.ts";
import type { Versioned } from "./versioned.ts";

/** Requests and blocks have no version, because only one side sees them. Both sides see whether they are friends. */
export type FriendshipEvent =
  | {
      type: "friend_requested";
      requestId: string;
      from: UserId;
      message: string;
      source: string;
      /** Where the two met, for the source "group". */
      groupId?: string;
      /** Absent in older events: the default. */
      expiresAtMs?: number;
    }
  | { type: "friend_request_rejected"; requestId: string; from: UserId; by: UserId }
  /** `accepted`: the requests that are answered by it. */
  | ({ type: "befriended"; by: UserId; accepted: { requestId: string; from: UserId }[] } & Versioned)
  | ({ type: "unfriended"; by: UserId } & Versioned)
  | { type: "blocked"; by: UserId }
  | { type: "unblocked"; by: UserId };
