// What the owner's devices learn of a file: that it is there, before any message holds it, and that it is gone.
import type { RecordMeta } from "../runtime/contract.ts";
import { addressOf } from "../shared/ids.ts";
import type { Notification } from "../shared/notification.ts";
import type { FileActorState, FileEvent } from "./state.ts";

const types = { completed: "file.available", gone: "file.removed" } as const;

export function notifyFile({ file }: FileActorState, event: FileEvent, { key, atMs }: RecordMeta): Notification[] {
  if (!file || (event.type !== "completed" && event.type !== "gone")) return [];
  const { ownerId, conversationId, purpose } = file.facts;
  const type = types[event.type];
  const place = conversationId === undefined ? {} : addressOf(conversationId);
  const data = { type, fileId: key, purpose, ...place, timestamp: atMs };
  return [{ type, target: { users: [ownerId] }, atMs, frame: "NOTIFICATION", data }];
}
