// What the owner's devices learn of a file: that it is there, before any message holds it, and that it is gone.
import type { RecordMeta } from "../runtime/contract.ts";
import { addressOf } from "../shared/ids.ts";
import type { Notification } from "../shared/notification.ts";
import type { FileActorState, FileEvent } from "./state.ts";

export function notifyFile({ file }: FileActorState, event: FileEvent, { key, atMs }: RecordMeta): Notification[] {
  const type = typeOf(event);
  if (!file || !type) return [];
  const { ownerId, conversationId, purpose } = file.facts;
  const place = conversationId === undefined ? {} : addressOf(conversationId);
  const data = { type, fileId: key, purpose, ...place, timestamp: atMs };
  return [{ type, target: { users: [ownerId] }, atMs, frame: "NOTIFICATION", data }];
}

/** A file that was given up before it was there was shown to nobody. */
function typeOf(event: FileEvent): "file.available" | "file.removed" | undefined {
  if (event.type === "completed") return "file.available";
  return event.type === "gone" && event.wasAvailable ? "file.removed" : undefined;
}
