// Notifications as NATS messages: the subject `notification.{service}.{event}.{target}` and the documented JSON
//   {notification_id, type, timestamp, from_user_id, priority, payload, metadata: {ttl, require_ack, gateway}, to_user_id}
// `payload` is what devices get. `metadata.gateway` holds the fields that only a gateway needs to rebuild the notification.
// notification-codec/shared-json: a notification is encoded once, and only the end of the JSON differs per user. The id stands at
//     its beginning, so that a gateway recognizes the same notification for several users without parsing it again.
import { randomUUID } from "node:crypto";
import {
  type FramedNotification,
  type Notification,
  type NotificationType,
  notificationTypes,
} from "../../actors/shared/notification.ts";
import { framed, termsOf } from "../../gateway/wire/notification.ts";
import { isLegalToken, subjectToken } from "./subject-token.ts";

/**
 * A message here says that notifications of unknown users were lost, so every gateway compares its users with their present
 * state. No notification has this subject, because theirs have four tokens.
 */
export const gapSubject = "notification.gap";

/** A notification without its target, which the subject names. */
export type UntargetedNotification = Omit<FramedNotification, "target">;

interface Wire {
  notification_id: string;
  type: string;
  /** Ms since 1970. */
  timestamp: number;
  from_user_id?: string;
  to_user_id?: string;
  priority: string;
  payload: Readonly<Record<string, unknown>>;
  metadata: {
    /** Seconds after which the notification is no longer worth delivering. */
    ttl: number;
    /** Until a device confirms it, the gateway sends it again: versioned events, and those that ask for it. */
    require_ack: boolean;
    gateway: Pick<FramedNotification, "frame" | "versioned" | "exceptDeviceId" | "membership">;
  };
}

const idStart = '{"notification_id":"';
const idLength = 36;
const userStart = ',"to_user_id":"';
const userEnd = Buffer.from('"}');

/** Calls `send` with the subject and the payload of each message of the notification: one per user, or one per conversation. */
export function encodeNotification(
  notification: Notification,
  send: (subject: string, payload: Uint8Array) => void,
): void {
  const { type, target, atMs, fromUserId, data, frame, versioned, exceptDeviceId, membership } = framed(notification);
  const { priority, ttl, requireAck } = termsOf(type);
  const wire: Wire = {
    notification_id: randomUUID(),
    type,
    timestamp: atMs,
    from_user_id: fromUserId,
    priority,
    payload: data,
    metadata: {
      ttl,
      require_ack: requireAck || versioned !== undefined,
      gateway: { frame, versioned, exceptDeviceId, membership },
    },
  };
  const json = JSON.stringify(wire);
  const subject = `notification.${type}.`;
  if ("conversationId" in target) {
    send(subject + subjectToken(target.conversationId), Buffer.from(json));
    return;
  }
  const shared = Buffer.from(json.slice(0, -1) + userStart);
  for (const userId of target.users) send(subject + subjectToken(userId), forUser(shared, userId));
}

/** The shared JSON with the user's id at its end (notification-codec/shared-json). */
function forUser(shared: Buffer, userId: string): Uint8Array {
  if (!isLegalToken(userId)) {
    return Buffer.concat([shared, Buffer.from(JSON.stringify(userId).slice(1, -1)), userEnd]);
  }
  const payload = Buffer.allocUnsafe(shared.length + userId.length + userEnd.length);
  payload.set(shared);
  payload.write(userId, shared.length, "latin1");
  payload.set(userEnd, payload.length - userEnd.length);
  return payload;
}

/** The notification's id, read without parsing the JSON; undefined when the payload does not begin with it. */
export function idOf(payload: Uint8Array): string | undefined {
  if (payload.length < idStart.length + idLength) return undefined;
  const start = Buffer.from(payload.buffer, payload.byteOffset, idStart.length + idLength).toString("latin1");
  return start.startsWith(idStart) ? start.slice(idStart.length) : undefined;
}

/**
 * Undefined for a malformed payload. "unknown": of a newer host, and nothing for the devices of this one. A type that this host
 * does not know is delivered when it has a version, of a conversation or of the user's lists: otherwise the versions had a hole.
 */
export function decodeNotification(payload: Uint8Array): UntargetedNotification | "unknown" | undefined {
  const wire = parse(payload);
  if (!isRecord(wire) || !isRecord(wire.metadata) || !isRecord(wire.metadata.gateway)) return undefined;
  const { notification_id: notificationId, type, timestamp: atMs, from_user_id: fromUserId, payload: data } = wire;
  const { frame, versioned, exceptDeviceId, membership } = wire.metadata.gateway;
  if (typeof type !== "string" || typeof atMs !== "number" || !isRecord(data) || !isFrame(frame)) return undefined;
  if (typeof notificationId !== "string" || !isOptionalText(fromUserId)) return undefined;
  if (!isOptionalText(exceptDeviceId)) return undefined;
  if (versioned !== undefined && !isVersioned(versioned)) return undefined;
  if (membership !== undefined && !isMembership(membership)) return undefined;
  if (!isType(type)) {
    if (!/^[a-z]+\.[a-z_]+$/.test(type)) return undefined;
    if (versioned === undefined && typeof data.userVersion !== "number") return "unknown";
  }
  return {
    notificationId,
    type: type as NotificationType,
    atMs,
    frame,
    data,
    ...(fromUserId === undefined ? {} : { fromUserId }),
    ...(versioned === undefined ? {} : { versioned }),
    ...(exceptDeviceId === undefined ? {} : { exceptDeviceId }),
    ...(membership === undefined ? {} : { membership }),
  };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function isType(value: string): value is NotificationType {
  return Object.hasOwn(notificationTypes, value);
}
function isFrame(value: unknown): value is FramedNotification["frame"] {
  return typeof value === "string" && /^[A-Z_]{1,64}$/.test(value);
}
function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
function isVersioned(value: unknown): value is NonNullable<Notification["versioned"]> {
  return (
    isRecord(value) &&
    typeof value.conversationId === "string" &&
    Number.isSafeInteger(value.version) &&
    Number.isSafeInteger(value.seq)
  );
}
function isMembership(value: unknown): value is NonNullable<Notification["membership"]> {
  return isRecord(value) && isIds(value.joined) && isIds(value.left);
}
function isIds(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((id) => typeof id === "string"));
}
