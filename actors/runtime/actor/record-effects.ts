// What follows from a record beside its reply: notifications, rows, the actor's head, the due-index.
// effects/before: a behaviour that throws while its record is being decided has decided nothing: the command is dead-lettered
//     (activation.ts).
// effects/after: a behaviour that throws afterwards (in `project`, or while a new owner replays a record) would throw at every
//     try and on every host. The shard's mark would stand still until every actor there answers `overloaded`, or host after
//     host would crash. So that effect of that record is left out, reported and counted, and the mark passes. Nothing is lost:
//     the record is in the log, and its text stays in `actor_events` for ever; a mended behaviour can make the effect from it.
// effects/away: what may heal by itself (views or notification bus away, an actor kind that only a newer host knows) is never
//     left out: there the mark waits.
import type { Notification } from "../../shared/notification.ts";
import type { AnyBehaviour } from "../contract.ts";
import type { Address, Kind } from "../kinds.ts";
import type { DecidedRecord } from "../log/decided-record.ts";
import type { Row } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import type { RuntimeStats } from "../stats.ts";

export interface EffectReporter {
  readonly stats: RuntimeStats;
  reportError(message: string, cause: unknown): void;
}

/** The result of `effect`, or undefined when it throws (effects/after). */
export function tryEffect<T>(
  reporter: EffectReporter,
  { kind, key, n }: Pick<ActorRecord, "kind" | "key" | "n">,
  name: string,
  effect: () => T,
): T | undefined {
  try {
    return effect();
  } catch (cause) {
    reporter.stats.effectsLeftOut += 1;
    reporter.reportError(`${kind} ${key}: record ${n} goes on without its ${name}`, cause);
    return undefined;
  }
}

/** The rows of a record: its own text always, the rows that its behaviour projects, and those decided beside it. */
export function rowsOfRecord(
  reporter: EffectReporter,
  behaviourOf: (kind: Kind) => AnyBehaviour,
  { record, text, extraRows = [] }: DecidedRecord,
): Row[] {
  const { kind, key, n, stamp, atMs, events } = record;
  const meta = { key, n, stamp, atMs };
  const projected = tryEffect(reporter, record, "rows", () => checkRows(behaviourOf(kind).project?.(events, meta)));
  return [{ table: "actor_events", kind, key, n, stamp, record: text }, ...(projected ?? []), ...extraRows];
}

/**
 * Throws for rows that no store can take. A store refuses the whole write for one such row, however often it is repeated, and
 * a write holds the rows of all shards of the host.
 */
function checkRows(rows: readonly Row[] = []): readonly Row[] {
  for (const row of rows) {
    for (const field in row) {
      const value: unknown = row[field as keyof Row];
      if (isStorable(value)) continue;
      throw new TypeError(`A row of ${row.table} has no value that can be stored in ${field}: ${String(value)}`);
    }
  }
  return rows;
}

function isStorable(value: unknown): boolean {
  return typeof value === "string" || Number.isSafeInteger(value);
}

/** When something is due at the actor, in whole ms since 1970; 0: never. Throws for what is no time. */
export function dueMsOf(behaviour: AnyBehaviour, state: unknown): number {
  const dueMs = behaviour.due?.(state) ?? 0;
  if (!Number.isFinite(dueMs)) throw new TypeError(`${behaviour.contract.kind}: ${dueMs} is no due time`);
  // A store refuses a whole write for one number that is no integer.
  return Math.min(Math.ceil(dueMs), Number.MAX_SAFE_INTEGER);
}

/** `more` and the notifications that the behaviour makes of the record; `state` is the one right after it. */
export function notificationsOf(
  behaviour: AnyBehaviour,
  state: unknown,
  { events, key, n, stamp, atMs }: ActorRecord,
  more: readonly Notification[] = [],
): readonly Notification[] {
  if (!behaviour.notify) return more;
  const notifications = [...more];
  for (const event of events) notifications.push(...behaviour.notify(state, event, { key, n, stamp, atMs }));
  return notifications;
}

export function dueRow(shard: number, { kind, key }: Address, dueMs: number, stamp: number): Row {
  return { table: "due", shard, kind, key, dueMs, stamp };
}
