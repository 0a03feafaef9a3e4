// A notification without a version as devices get it.
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import { termsOf } from "../../wire/notification.ts";
import { encodeNotification, encodePublished } from "../wire/encode.ts";
import { Frame } from "../wire/frame.ts";

/** One notification, encoded once for all devices that get it. */
export interface Notice {
  readonly notificationId: string;
  readonly frame: Frame;
  /** urgent: overtakes what waits for a slow socket · low: dropped for a slow socket. */
  readonly lane: "urgent" | "normal" | "low";
  readonly requireAck: boolean;
  /** Ms since 1970; later the notification is worth nothing. */
  readonly endsAtMs: number;
  /** Of the user's lists, when the notification changes them. Then an outdated one is replaced by a request to sync the lists. */
  readonly userVersion: number | undefined;
}

/** Sent, and not confirmed yet. */
export interface Unconfirmed {
  readonly notice: Notice;
  readonly sentAtMs: number;
  /** How often it was sent again. */
  rounds: number;
}

/** `newId` names a notification that has no id yet. */
export function noticeOf(notification: FramedNotification, newId: () => string): Notice {
  const { type, frame, atMs, data, fromUserId } = notification;
  const { priority, ttl, requireAck } = termsOf(type);
  const notificationId = notification.notificationId ?? newId();
  const sender = fromUserId === undefined ? {} : { fromUserId };
  const json =
    frame === "NOTIFICATION"
      ? encodeNotification(type, notificationId, atMs, { ...sender, ...data })
      : encodePublished(frame, atMs, data);
  const userVersion = typeof data.userVersion === "number" ? data.userVersion : undefined;
  return {
    notificationId,
    frame: new Frame(json),
    // If a change of the user's lists were dropped, the versions of the lists would have a hole.
    lane: priority === "high" ? "urgent" : priority === "low" && userVersion === undefined ? "low" : "normal",
    requireAck: requireAck && frame === "NOTIFICATION",
    endsAtMs: atMs + ttl * 1_000,
    userVersion,
  };
}
