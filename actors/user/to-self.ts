import type { RecordMeta } from "../runtime/contract.ts";
import type { Notification, NotificationType } from "../shared/notification.ts";

/** What a user's own devices are told. `userVersion` undefined: no item changed. */
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
