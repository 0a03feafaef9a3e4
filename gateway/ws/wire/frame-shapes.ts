// The shape of each whole server frame, made from the tables. The documents print them; the tests check every received
// frame against them.
import { choice, count, type Field, object, optional, type Shape, text, time } from "../../wire/shapes/fields.ts";
import { gatewayNotifications, type NotificationPayload, notificationPayloads } from "./notification-payloads.ts";
import { type ServerFrame, serverFrames } from "./server-frames.ts";

interface FrameShape {
  readonly type: string;
  /** `data.type`, for a NOTIFICATION. */
  readonly notification?: string;
  readonly summary: string;
  readonly shape: Shape;
}

/** A NOTIFICATION type with several payloads has a shape for each. */
export const frameShapes: readonly FrameShape[] = [
  ...Object.entries<ServerFrame>(serverFrames)
    .filter(([type]) => type !== "NOTIFICATION")
    .map(([type, frame]) => ({ type, summary: frame.summary, shape: frameShape(type, frame) })),
  ...notifications(notificationPayloads),
  ...notifications(gatewayNotifications),
];

function frameShape(type: string, { data, isError, isAnswer }: ServerFrame): Shape {
  return object({
    type: choice(type),
    ...(isAnswer && { msgId: optional(text(64)) }),
    ...(isError && { code: count("as in the table of errors"), codeStr: text(6, "six digits"), message: text(500) }),
    timestamp: time,
    ...(data && { data }),
  });
}

function notifications(table: Readonly<Record<string, NotificationPayload | object>>): FrameShape[] {
  return Object.entries(table).flatMap(([notification, entry]) => {
    if (!("data" in entry)) return [];
    return entry.data.map((payload) => {
      const data: Field = object({ type: choice(notification), ...payload.props });
      return {
        type: "NOTIFICATION",
        notification,
        summary: entry.summary,
        shape: frameShape("NOTIFICATION", { summary: "", data }),
      };
    });
  });
}
