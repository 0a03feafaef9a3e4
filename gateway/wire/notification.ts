// Frames of notifications. Messages and changes are stored shapes until here; pushed and pulled ones get the same frame.
import type { ConversationChange } from "../../actors/shared/conversation.ts";
import type { ConversationId } from "../../actors/shared/ids.ts";
import type { StoredMessage } from "../../actors/shared/message.ts";
import {
  type FramedNotification,
  type FrameType,
  type Notification,
  type NotificationType,
  notificationTypes,
  type Terms,
  typeOfChange,
} from "../../actors/shared/notification.ts";
import { addressOnWire, messageOnWire } from "./message.ts";
import { eventOnWire } from "./sync.ts";

const ttlSeconds = { high: 3_600, normal: 3_600, low: 60 } as const;

/** How the notifications of a type are to be delivered; for types of gateways alone the plain terms. */
export function termsOf(type: string): { priority: "high" | "normal" | "low"; ttl: number; requireAck: boolean } {
  const terms: Terms = Object.hasOwn(notificationTypes, type) ? notificationTypes[type as NotificationType] : plain;
  const { priority, ttl = ttlSeconds[priority], requireAck } = terms;
  return { priority, ttl, requireAck: requireAck === true };
}

const plain: Terms = { priority: "normal" };

interface FrameData {
  frame: FrameType;
  data: Readonly<Record<string, unknown>>;
}

export function framed(notification: Notification): FramedNotification {
  if ("frame" in notification) return notification;
  if ("message" in notification) {
    // Field by field: two spreads take three times as long, for every message.
    const { type, target, atMs, fromUserId, versioned, exceptDeviceId, membership, message } = notification;
    const envelope = { type, target, atMs, fromUserId, versioned, exceptDeviceId, membership };
    return Object.assign(envelope, frameOfMessage(message)) as FramedNotification;
  }
  const { change, ...envelope } = notification;
  if (!envelope.versioned) throw new TypeError(`A change without a version: ${change.type}`);
  return { ...envelope, ...frameOfChange(envelope.versioned, change) };
}

export function frameOfMessage(message: StoredMessage): FrameData {
  return { frame: "NEW_MESSAGE", data: messageOnWire(message) };
}

/** `seq` is the conversation's last seq at the change; a change of a message shows the message's own. */
export function frameOfChange(
  { conversationId, version, seq }: { conversationId: ConversationId; version: number; seq: number },
  change: ConversationChange,
): FrameData {
  const { type: changeType, ...fields } = eventOnWire(change);
  const data: Record<string, unknown> = { ...addressOnWire(conversationId), ...fields, version };
  data.seq ??= seq;
  if ("by" in change) data.operatorId = change.by;
  const frame = changeFrames[change.type];
  if (frame) return { frame, data };
  return { frame: "NOTIFICATION", data: { type: typeOfChange(change), change: changeType, ...data } };
}

/** Changes with a frame type of their own. */
const changeFrames: Partial<Record<ConversationChange["type"], FrameType>> = {
  edited: "MESSAGE_EDITED",
  recalled: "MESSAGE_RECALLED",
  expired: "MESSAGE_EXPIRED",
  read: "MESSAGE_READ",
  pinned: "MESSAGE_PINNED",
  reacted: "REACTION_UPDATED",
};
