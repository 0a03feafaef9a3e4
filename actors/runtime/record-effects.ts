// What follows from a record beside its reply: what users are told, a snapshot when one is due, the due-index.
import type { Notification } from "../shared/notification.ts";
import type { Activation } from "./activation.ts";
import type { AnyBehaviour } from "./contract.ts";
import type { Address } from "./kinds.ts";
import type { RuntimeLimits } from "./options.ts";
import type { Row } from "./ports.ts";
import type { ActorRecord } from "./record.ts";
import { encodeSnapshot } from "./snapshot.ts";

/** What users are told of a record; `state` is the one right after it. */
export function notificationsOf(
  behaviour: AnyBehaviour,
  state: unknown,
  { events, key, n, stamp, atMs }: ActorRecord,
  more: readonly Notification[],
): readonly Notification[] {
  if (!behaviour.notify) return more;
  const notifications = [...more];
  for (const event of events) notifications.push(...behaviour.notify(state, event, { key, n, stamp, atMs }));
  return notifications;
}

/** The snapshot right after `record`, when the actor has decided enough since its last one. */
export function snapshotRow(
  activation: Activation,
  { record, text }: { record: ActorRecord; text: string },
  limits: RuntimeLimits,
): Row | undefined {
  activation.bytesSinceSnapshot += text.length;
  activation.recordsSinceSnapshot += 1;
  // Twice the last one's size: snapshots cost at most half of what the records cost.
  const dueBytes = Math.max(limits.snapshotEveryBytes, 2 * activation.snapshotBytes);
  const isDue =
    activation.bytesSinceSnapshot >= dueBytes || activation.recordsSinceSnapshot >= limits.snapshotEveryRecords;
  if (!isDue || !activation.folded) return undefined;
  const state = encodeSnapshot(activation.behaviour, activation.folded);
  activation.snapshotBytes = state.length;
  activation.bytesSinceSnapshot = 0;
  activation.recordsSinceSnapshot = 0;
  const { kind, key, n, stamp } = record;
  return { table: "snapshots", kind, key, n, stamp, state };
}

export function dueRow(shard: number, { kind, key }: Address, dueMs: number, stamp: number): Row {
  return { table: "due", shard, kind, key, dueMs, stamp };
}
