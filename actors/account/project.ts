// Rows of the views: one per settled request, and the sums of its hour and day after it.
import type { RecordMeta } from "../runtime/contract.ts";
import type { Row, RowOf } from "../runtime/ports.ts";
import type { ActorRecord } from "../runtime/record.ts";
import { systemAccount } from "./contract.ts";
import type { AccountEvent } from "./events.ts";
import type { RequestRow } from "./rows.ts";
import { type CellAfter, dayMs, isFailed, parseCellKey } from "./totals.ts";

export function projectAccount(events: readonly AccountEvent[], { key, stamp }: RecordMeta): Row[] {
  // The system's account repeats what the accounts of users have in their rows.
  if (key === systemAccount) return [];
  const settles = events.filter((event) => event.type === "settled");
  const rows: Row[] = settles.map(({ row }) => requestRow(row));
  for (const [index, { hour, day }] of settles.entries()) {
    // Of several settles of one record the last one of a cell has the sum: a cell has one row.
    const later = settles.slice(index + 1);
    if (!later.some((other) => isSameCell(other.hour, hour))) rows.push(totalRow(key, "hour", hour, stamp));
    if (!later.some((other) => isSameCell(other.day, day))) rows.push(totalRow(key, "day", day, stamp));
  }
  return rows;
}

function isSameCell(a: CellAfter, b: CellAfter): boolean {
  return a.period === b.period && a.key === b.key;
}

/** What the records hold, for readers who do not wait for the projector. */
export function settlesOf(records: readonly ActorRecord[]): Settled[] {
  const events = records.flatMap((record) => record.events as readonly AccountEvent[]);
  return events.filter((event) => event.type === "settled");
}
type Settled = Extract<AccountEvent, { type: "settled" }>;

function requestRow(row: RequestRow): RowOf<"requests"> {
  return {
    table: "requests",
    userId: row.userId,
    day: Math.floor(row.atMs / dayMs),
    id: row.id,
    stamp: row.id,
    atMs: row.atMs,
    model: row.model,
    status: row.status,
    isFailed: isFailed(row) ? 1 : 0,
    row: JSON.stringify(row),
  };
}

function totalRow(
  userId: string,
  unit: "hour" | "day",
  { period, key, cell }: CellAfter,
  stamp: number,
): RowOf<"usage"> {
  const { model, keyId, credentialId } = parseCellKey(key);
  return { table: "usage", userId, unit, period, model, keyId, credentialId, sums: JSON.stringify(cell), stamp };
}
