// What users are told of an event. N1: each versioned event reaches every member as one frame with its version, so that a
// lost one is noticed by the next. N2: everything told stands in the event; the state names the targets only. N3: who may
// not see a message gets its changes without their content.

import type { RecordMeta } from "../runtime/contract.ts";
import type { FrameType, Notification, NotificationType } from "../shared/notification.ts";
import type { ConversationEvent, Delivered, Edited, Expired, Read, Recalled, Sent } from "./events.ts";
import { notifyGroup } from "./group/notify.ts";
import { notifyFriendship } from "./pair/notify.ts";
import { type ConversationState, conversationTypeOf } from "./state.ts";
import { targetsOf } from "./targets.ts";

export function notify(state: ConversationState, event: ConversationEvent, meta: RecordMeta): Notification[] {
  switch (event.type) {
    case "sent":
      return notifySent(state, event, meta);
    case "edited":
      return notifyEdited(state, event, meta);
    case "recalled":
      return notifyRecalled(state, event, meta);
    case "expired":
      return notifyExpired(state, event, meta);
    case "read":
      return notifyRead(state, event, meta);
    case "delivered":
      return notifyDelivered(state, event, meta);
    case "friend_requested":
    case "friend_request_rejected":
    case "befriended":
    case "unfriended":
    case "blocked":
    case "unblocked":
      return state.pair ? notifyFriendship(state.pair, event, meta) : [];
    default:
      return notifyGroup(state, event, meta);
  }
}

function notifySent(state: ConversationState, event: Sent, { key, atMs }: RecordMeta): Notification[] {
  const data = {
    messageId: event.messageId,
    sessionId: key,
    sessionType: conversationTypeOf(key),
    senderId: event.senderId,
    senderName: event.senderName,
    senderAvatar: event.senderAvatar,
    contentType: event.contentType,
    content: event.content,
    timestamp: atMs,
    seq: event.seq,
    version: event.version,
    clientMsgId: event.clientMsgId,
    replyTo: event.replyTo,
    mentions: event.mentions,
    burnAfterReadMs: event.burnAfterReadMs,
    expireAt: event.expireAtMs,
  };
  const versioned = { conversationId: key, version: event.version, seq: event.seq };
  return targetsOf(state, atMs, { seq: event.seq }).map((target) => ({
    type: "message.new",
    target,
    atMs,
    fromUserId: event.senderId,
    versioned,
    frame: "NEW_MESSAGE",
    data,
    exceptDeviceId: event.deviceId,
  }));
}

/** A frame about a message that stands already; `data.seq` is the message's. */
function ofMessage(
  state: ConversationState,
  of: {
    type: NotificationType;
    frame: FrameType;
    version: number;
    lastSeq: number;
    fromUserId?: string;
    data: Record<string, unknown>;
  },
  { key, atMs }: RecordMeta,
): Notification[] {
  const { type, frame, version, lastSeq, fromUserId } = of;
  const data = { sessionId: key, sessionType: conversationTypeOf(key), ...of.data, version, timestamp: atMs };
  const versioned = { conversationId: key, version, seq: lastSeq };
  return targetsOf(state, atMs).map((target) => ({ type, target, atMs, fromUserId, versioned, frame, data }));
}

function notifyEdited(state: ConversationState, event: Edited, meta: RecordMeta): Notification[] {
  const { messageId, seq, version, lastSeq, contentType, content, by } = event;
  const edited = { type: "message.edited", frame: "MESSAGE_EDITED", version, lastSeq, fromUserId: by } as const;
  const data = { messageId, seq, contentType, operatorId: by };
  const told = ofMessage(state, { ...edited, data: { ...data, content } }, meta);
  // N3: on the subject of a conversation the gateway knows from where each member may see.
  const blind = new Set<string>();
  for (const [userId, { visibleFromSeq }] of state.group?.members ?? []) if (visibleFromSeq > seq) blind.add(userId);
  if (blind.size === 0) return told;
  const bare = ofMessage(state, { ...edited, data }, meta);
  return [...narrow(told, (userId) => !blind.has(userId)), ...narrow(bare, (userId) => blind.has(userId), true)];
}

function narrow(notifications: Notification[], keeps: (userId: string) => boolean, usersOnly = false): Notification[] {
  return notifications.flatMap((notification): Notification[] => {
    const { target } = notification;
    if (!("users" in target)) return usersOnly ? [] : [notification];
    const users = target.users.filter(keeps);
    return users.length > 0 ? [{ ...notification, target: { users } }] : [];
  });
}

function notifyRecalled(state: ConversationState, event: Recalled, meta: RecordMeta): Notification[] {
  const { messageId, seq, version, lastSeq, by } = event;
  const data = { messageId, seq, operatorId: by };
  return ofMessage(
    state,
    { type: "message.recalled", frame: "MESSAGE_RECALLED", version, lastSeq, fromUserId: by, data },
    meta,
  );
}

function notifyExpired(state: ConversationState, event: Expired, meta: RecordMeta): Notification[] {
  return event.messages.flatMap(([seq, messageId], i) => {
    const version = event.firstVersion + i;
    const data = { messageId, seq };
    return ofMessage(
      state,
      { type: "message.expired", frame: "MESSAGE_EXPIRED", version, lastSeq: event.lastSeq, data },
      meta,
    );
  });
}

function notifyRead(state: ConversationState, event: Read, meta: RecordMeta): Notification[] {
  const { userId, seq, messageIds, version, lastSeq } = event;
  const data = { userId, seq, messageIds };
  return ofMessage(
    state,
    { type: "message.read_receipt", frame: "MESSAGE_READ", version, lastSeq, fromUserId: userId, data },
    meta,
  );
}

/** To the other side only: it carries no version. */
function notifyDelivered({ pair }: ConversationState, event: Delivered, { key, atMs }: RecordMeta): Notification[] {
  const { userId, seq } = event;
  const users = pair?.users.filter((id) => id !== userId) ?? [];
  const data = { sessionId: key, sessionType: "single", userId, seq, timestamp: atMs };
  return [{ type: "message.delivered", target: { users }, atMs, fromUserId: userId, frame: "MESSAGE_DELIVERED", data }];
}
