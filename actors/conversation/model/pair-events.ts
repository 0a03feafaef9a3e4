import type { UserId } from "../../shared/ids.ts";
import type { Versioned } from "./versioned.ts";

/** Requests and blocks are seen by one side only: no version. That two are friends is seen by both. */
export type FriendshipEvent =
  | { type: "friend_requested"; requestId: string; from: UserId; message: string; source: string }
  | { type: "friend_request_rejected"; requestId: string; from: UserId; by: UserId }
  /** `accepted`: the requests that this answers. */
  | ({ type: "befriended"; by: UserId; accepted: { requestId: string; from: UserId }[] } & Versioned)
  | ({ type: "unfriended"; by: UserId } & Versioned)
  | { type: "blocked"; by: UserId }
  | { type: "unblocked"; by: UserId };
