// Both sides hear that they may talk, or no longer may: a versioned event of their conversation. Requests, friends and blocks
// are lists of each user: his own actor announces them, with the version of his lists, so that everybody hears a thing once.
import type { RecordMeta } from "../../runtime/contract.ts";
import type { Notification } from "../../shared/notification.ts";
import type { FriendshipEvent } from "./events.ts";
import type { PairState } from "./state.ts";

export function notifyFriendship(
  { users }: PairState,
  event: FriendshipEvent,
  { key, atMs }: RecordMeta,
): Notification[] {
  if (event.type !== "befriended" && event.type !== "unfriended") return [];
  const { by, version, lastSeq } = event;
  const type = "session.friendship_changed";
  const state = event.type === "befriended" ? "friends" : "strangers";
  const data = {
    type,
    change: "friendship",
    sessionId: key,
    sessionType: "single",
    state,
    by,
    seq: lastSeq,
    version,
    timestamp: atMs,
  };
  const versioned = { conversationId: key, version, seq: lastSeq };
  return [{ type, target: { users }, atMs, fromUserId: by, versioned, frame: "NOTIFICATION", data }];
}
