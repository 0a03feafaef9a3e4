import type { RecordMeta } from "../runtime/contract.ts";
import type { Notification, NotificationType } from "../shared/notification.ts";
import { otherUser } from "./apply.ts";
import type { FriendshipEvent } from "./events.ts";
import type { PairState } from "./state.ts";

/** Each side hears what concerns it, told from its side. */
export function notifyFriendship(pair: PairState, event: FriendshipEvent, { key, atMs }: RecordMeta): Notification[] {
  const tell = (
    type: NotificationType,
    to: string | undefined,
    fromUserId: string,
    fields: Record<string, unknown>,
  ): Notification[] => {
    if (to === undefined) return [];
    const data = { type, sessionId: key, ...fields, timestamp: atMs };
    return [{ type, target: { users: [to] }, atMs, fromUserId, frame: "NOTIFICATION", data }];
  };
  switch (event.type) {
    case "friend_requested": {
      const { requestId, from, message, source } = event;
      const fields = { requestId, fromUserId: from, userId: from, message, source, status: "pending" };
      return tell("friend.request", otherUser(pair, from), from, fields);
    }
    case "friend_request_rejected": {
      const { requestId, from, by } = event;
      return tell("friend.request_handled", from, by, { requestId, userId: by, status: "rejected" });
    }
    case "befriended": {
      const handled = event.accepted.flatMap(({ requestId, from }) => {
        const userId = otherUser(pair, from) ?? "";
        return tell("friend.request_handled", from, userId, { requestId, userId, status: "accepted" });
      });
      return [...handled, ...notifyBoth("friend.added", pair, event, { key, atMs })];
    }
    case "unfriended":
      return notifyBoth("friend.deleted", pair, event, { key, atMs });
    case "blocked":
    case "unblocked":
      return tell("friend.blacklist_changed", event.by, event.by, {
        userId: otherUser(pair, event.by),
        isBlocked: event.type === "blocked",
      });
  }
}

/** Versioned: both get it under the same version, each with the other's id. */
function notifyBoth(
  type: "friend.added" | "friend.deleted",
  { users }: PairState,
  { by, version, lastSeq }: { by: string; version: number; lastSeq: number },
  { key, atMs }: Pick<RecordMeta, "key" | "atMs">,
): Notification[] {
  return users.map((userId, side) => ({
    type,
    target: { users: [userId] },
    atMs,
    fromUserId: by,
    versioned: { conversationId: key, version, seq: lastSeq },
    frame: "NOTIFICATION",
    data: { type, sessionId: key, userId: users[1 - side], by, seq: lastSeq, version, timestamp: atMs },
  }));
}
