import type { RecordMeta } from "../runtime/contract.ts";
import type { Notification, NotificationType } from "../shared/notification.ts";

/** A notification to the user's own devices. `userVersion` undefined: no item changed. */
export function toSelf(
  { key, atMs }: RecordMeta,
  type: NotificationType,
  userVersion: number | undefined,
  payload: Record<string, unknown>,
  fromUserId?: string,
): Notification {
  return {
    ...{
      type,
      target: { users: [key] },
      atMs,
      frame: "NOTIFICATION",
      data: { type, ...payload, timestamp: atMs, ...(userVersion !== undefined && { userVersion }) },
    },
    ...(fromUserId !== undefined && { fromUserId }),
  };
}
