// Notifications of an event. Their content comes from the event; the state, which may be ahead of the event, only gives the
// targets. A member who may not see a message gets its changes without content.

import type { RecordMeta } from "../runtime/contract.ts";
import type { VersionedChange } from "../shared/conversation.ts";
import type { Notification } from "../shared/notification.ts";
import { notifyAnswered, notifyUnstored } from "./assistant/notify.ts";
import { notifyMentionedAll } from "./chat/mentions.ts";
import { notifyGroup } from "./group/notify.ts";
import { messageOf } from "./message.ts";
import { changesOf } from "./model/changes.ts";
import type { ConversationEvent, Delivered, Edited, Sent } from "./model/events.ts";
import { notifyChange } from "./model/notify-change.ts";
import type { ConversationState } from "./model/state.ts";
import { targetsOf } from "./model/targets.ts";

export function notify(state: ConversationState, event: ConversationEvent, meta: RecordMeta): Notification[] {
  switch (event.type) {
    case "sent":
      return notifySent(state, event, meta);
    case "edited":
      return changesOf(event, meta.atMs).flatMap((change) => notifyEdited(state, event, change, meta));
    case "delivered":
      return notifyDelivered(state, event, meta);
    case "friend_requested":
    case "friend_request_rejected":
    case "blocked":
    case "unblocked":
      // These change the lists of one user: the user's own actor publishes them, with the version of the lists.
      return [];
    case "reply_queued":
    case "files_released":
    case "tapped":
      return [];
    case "reply_replaced":
    case "replies_left":
      return notifyUnstored(state, event, meta);
    case "recalled":
    case "expired":
    case "pinned":
    case "reacted":
    case "read":
    case "befriended":
    case "unfriended":
    case "chat_created":
    case "chat_updated":
    case "chat_deleted":
    case "superseded":
    case "assistant_added":
    case "assistant_removed":
      return changesOf(event, meta.atMs).flatMap((change) => notifyChange(state, change, event.lastSeq, meta));
    default:
      return notifyGroup(state, event, meta);
  }
}

function notifySent(state: ConversationState, event: Sent, { key, atMs }: RecordMeta): Notification[] {
  const message = messageOf(key, event, atMs);
  if (event.quote) message.quote = event.quote;
  const { seq, version, senderId } = message;
  const notifications: Notification[] = targetsOf(state, atMs, { seq }).map((target) => ({
    type: "message.new",
    target,
    atMs,
    fromUserId: senderId,
    versioned: { conversationId: key, version, seq },
    message,
    exceptDeviceId: event.deviceId,
  }));
  if (message.mentions !== undefined) notifications.push(...notifyMentionedAll(state, message));
  return message.contentType === "assistant" ? notifyAnswered(state, message).concat(notifications) : notifications;
}

function notifyEdited(
  state: ConversationState,
  { seq, lastSeq }: Edited,
  edited: VersionedChange,
  meta: RecordMeta,
): Notification[] {
  const full = notifyChange(state, edited, lastSeq, meta);
  // Gateways that listen to the subject of a conversation know the first visible seq of each member themselves.
  const blind = new Set<string>();
  for (const [userId, { visibleFromSeq }] of state.group?.members ?? []) if (visibleFromSeq > seq) blind.add(userId);
  if (blind.size === 0 || edited.change.type !== "edited") return full;
  const { content: _, ...change } = edited.change;
  const bare = notifyChange(state, { ...edited, change }, lastSeq, meta);
  return [...narrow(full, (userId) => !blind.has(userId)), ...narrow(bare, (userId) => blind.has(userId), true)];
}

function narrow(notifications: Notification[], keeps: (userId: string) => boolean, usersOnly = false): Notification[] {
  return notifications.flatMap((notification): Notification[] => {
    const { target } = notification;
    if (!("users" in target)) return usersOnly ? [] : [notification];
    const users = target.users.filter(keeps);
    return users.length > 0 ? [{ ...notification, target: { users } }] : [];
  });
}

/** To the other side only, without a version. */
function notifyDelivered({ pair }: ConversationState, event: Delivered, { key, atMs }: RecordMeta): Notification[] {
  const { userId, seq } = event;
  const users = pair?.users.filter((id) => id !== userId) ?? [];
  const data = { sessionId: key, sessionType: "single", userId, seq, timestamp: atMs };
  return [{ type: "message.delivered", target: { users }, atMs, fromUserId: userId, frame: "MESSAGE_DELIVERED", data }];
}
