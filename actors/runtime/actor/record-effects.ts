// What follows from a record beside its reply: what users are told, its rows, a snapshot when one is due, the due-index.
// E1: a behaviour that throws while its record is being decided has decided nothing: the command is parked (activation.ts).
// E2: one that throws afterwards (rows, or what a new owner tells again) would do so at every try and on every host: its
//     shard's mark would stand still until every actor there answers `overloaded`, or host after host would crash. So that
//     effect of that record is left out, reported and counted, and the mark passes. Nothing is lost by it: the record is in
//     the log, and its text stays in `actor_events` for ever; what is missing can be made from there by a mended behaviour.
// E3: what may heal by itself (views or bell that are away, an actor kind that only a newer host knows) is never left out:
//     there the mark waits.
import type { Notification } from "../../shared/notification.ts";
import type { AnyBehaviour } from "../contract.ts";
import type { Address, Kind } from "../kinds.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Row } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import type { RuntimeStats } from "../stats.ts";
import type { Activation } from "./activation.ts";
import { encodeSnapshot } from "./snapshot.ts";

/** E2: what `effect` makes of the record, or undefined when it throws. */
export function tryEffect<T>(
  host: Reporter,
  { kind, key, n }: Pick<ActorRecord, "kind" | "key" | "n">,
  name: string,
  effect: () => T,
): T | undefined {
  try {
    return effect();
  } catch (cause) {
    host.stats.quarantined += 1;
    host.trouble(`${kind} ${key}: record ${n} goes on without its ${name}`, cause);
    return undefined;
  }
}
export interface Reporter {
  readonly stats: RuntimeStats;
  trouble(message: string, cause: unknown): void;
}

/** The rows of a record: its own text always (E2), what its behaviour makes of it, and what was due beside it. */
export function rowsOfRecord(
  host: Reporter & { behaviourOf(kind: Kind): AnyBehaviour },
  { record, text, extraRows = [] }: { record: ActorRecord; text: string; extraRows?: readonly Row[] },
): Row[] {
  const { kind, key, n, stamp, atMs, events } = record;
  const meta = { key, n, stamp, atMs };
  const projected = tryEffect(host, record, "rows", () => host.behaviourOf(kind).project?.(events, meta));
  return [{ table: "actor_events", kind, key, n, stamp, record: text }, ...(projected ?? []), ...extraRows];
}

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
  // Before it is encoded: one that cannot be is tried again only when the next is due.
  activation.bytesSinceSnapshot = 0;
  activation.recordsSinceSnapshot = 0;
  const state = encodeSnapshot(activation.behaviour, activation.folded);
  activation.snapshotBytes = state.length;
  const { kind, key, n, stamp } = record;
  return { table: "snapshots", kind, key, n, stamp, state };
}

export function dueRow(shard: number, { kind, key }: Address, dueMs: number, stamp: number): Row {
  return { table: "due", shard, kind, key, dueMs, stamp };
}
