// What one user used of models: the newest requests, and the sums of all. Whole days (UTC) come from their sums, so that a user
// with millions of requests is answered as fast as one with ten; the rest is added up request by request.
//
// user-usage/exact: the account is asked before the views. What the projector writes meanwhile is found twice, and not missed:
//     of two sums of a cell the one with more requests is the newer.
import type { Actors } from "../runtime/actors.ts";
import type { CallOptions } from "../runtime/contract.ts";
import type { Clock } from "../runtime/ports.ts";
import { DomainError } from "../shared/errors.ts";
import type { UserId } from "../shared/ids.ts";
import { Account } from "./contract.ts";
import { otherModel } from "./limits.ts";
import type { UsageReader } from "./ports.ts";
import type { RequestRow, UsageCell, UsageTotal } from "./rows.ts";
import { addCell, addRequest, noUsageTotal } from "./sums.ts";
import { type Cell, type CellAfter, dayMs, parseCellKey } from "./totals.ts";

export interface UsageQuery {
  /** fromMs ≤ atMs < toMs, at most `maxUsageMs`. */
  fromMs: number;
  toMs: number;
  model?: string;
  conversationId?: string;
  groupBy?: UsageRowGroup;
}
export type UsageRowGroup = "model" | "day" | "session" | "key";

export interface UserUsage {
  /** Newest first, at most `maxUsageRows`. */
  rows: RequestRow[];
  hasMore: boolean;
  /** Of all requests, those beyond `rows` included. */
  totals: UsageTotal;
  groups: (UsageTotal & { group: string })[];
}

export interface UsageDeps {
  actors: Actors;
  reader: UsageReader;
  clock: Pick<Clock, "nowMs">;
}

const maxUsageRows = 1_000;
/** Requests that one query adds up one by one; a query that needs more is refused. */
const maxUsageScanned = 100_000;
export const maxUsageMs = 400 * dayMs;
const defaultUsageDays = 30;

/** Whole days: they need not be added up request by request. */
export function defaultUsageFrom(toMs: number): number {
  return Math.max(0, Math.floor(toMs / dayMs) - defaultUsageDays) * dayMs;
}

const rowsPerRead = 1_000;

export async function readUserUsage(
  deps: UsageDeps,
  userId: UserId,
  query: UsageQuery,
  call?: CallOptions,
): Promise<UserUsage> {
  const recent = await deps.actors.get(Account, userId).recent({}, call);
  const summary = new Summary(query);
  const days = await sumDays(deps, userId, query, recent.days, summary);
  /** Of whole days the rows are shown and not added up; when enough are shown, reading goes on before those days. */
  const isSummed = ({ atMs }: RequestRow) => days !== undefined && atMs >= days.fromMs && atMs < days.toMs;
  const seen = new Set<number>();
  for (const row of recent.rows.toReversed()) {
    seen.add(row.id);
    summary.addRow(row, isSummed(row));
  }
  let { toMs } = query;
  for (let beforeId = Number.MAX_SAFE_INTEGER; ; ) {
    const page = await deps.reader.ofUser(userId, { beforeId, fromMs: query.fromMs, toMs }, rowsPerRead);
    for (const row of page) if (!seen.has(row.id)) summary.addRow(row, isSummed(row));
    const last = page.at(-1);
    if (!last || page.length < rowsPerRead) return summary.result();
    beforeId = last.id;
    if (summary.hasAllRows && days && isSummed(last)) toMs = Math.min(toMs, days.fromMs);
    if (toMs <= query.fromMs) return summary.result();
  }
}

/** Adds up the whole days of the query; undefined: there are none. */
async function sumDays(
  { reader, clock }: UsageDeps,
  userId: UserId,
  query: UsageQuery,
  recent: readonly CellAfter[],
  summary: Summary,
): Promise<Days | undefined> {
  const days = wholeDays(query, clock.nowMs());
  if (!days) return undefined;
  const cells = newestCells(await reader.daysOf(userId, days.from, days.to), recent, days);
  // Requests that were counted under `otherModel` may be of the model that is asked for.
  if (query.model !== undefined && cells.some(({ model }) => model === otherModel)) return undefined;
  for (const cell of cells) summary.addCell(cell);
  return days;
}

interface Days {
  from: number;
  to: number;
  fromMs: number;
  toMs: number;
}

/** The days that lie whole in the query; this day counts as whole when the query reaches to now. */
function wholeDays({ fromMs, toMs, conversationId, groupBy }: UsageQuery, nowMs: number): Days | undefined {
  if (conversationId !== undefined || groupBy === "session") return undefined;
  const from = Math.ceil(fromMs / dayMs);
  const to = toMs > nowMs ? Math.floor(nowMs / dayMs) : Math.floor(toMs / dayMs) - 1;
  return to < from ? undefined : { from, to, fromMs: from * dayMs, toMs: (to + 1) * dayMs };
}

/** See user-usage/exact. */
function newestCells(cells: readonly UsageCell[], recent: readonly CellAfter[], { from, to }: Days): DayCell[] {
  const newest = new Map<string, DayCell>();
  const offer = (found: DayCell) => {
    const key = `${found.period} ${found.keyId} ${found.credentialId} ${found.model}`;
    const known = newest.get(key);
    if (!known || found.cell[0] > known.cell[0]) newest.set(key, found);
  };
  for (const { sums, ...found } of cells) offer({ ...found, cell: JSON.parse(sums) });
  for (const { period, key, cell } of recent) {
    if (period >= from && period <= to) offer({ period, ...parseCellKey(key), cell });
  }
  return [...newest.values()];
}

type DayCell = Omit<UsageCell, "sums"> & { cell: Cell };

/** Requests come newest first. */
class Summary {
  readonly #query: UsageQuery;
  readonly #rows: RequestRow[] = [];
  readonly #groups = new Map<string, UsageTotal>();
  #totals = noUsageTotal;
  #scanned = 0;

  constructor(query: UsageQuery) {
    this.#query = query;
  }

  get hasAllRows(): boolean {
    return this.#rows.length >= maxUsageRows;
  }

  addCell({ period, model, keyId, cell }: DayCell): void {
    if (this.#query.model !== undefined && model !== this.#query.model) return;
    this.#add(groupOfCell({ atMs: period * dayMs, model, keyId }, this.#query.groupBy), (total) =>
      addCell(total, cell),
    );
  }

  addRow(row: RequestRow, isSummed: boolean): void {
    const { fromMs, toMs, model, conversationId, groupBy } = this.#query;
    if (!isSummed) this.#scanned += 1;
    if (this.#scanned > maxUsageScanned) {
      throw new DomainError("common.too_large", { details: { maxRequests: maxUsageScanned } });
    }
    if (row.atMs < fromMs || row.atMs >= toMs) return;
    if (model !== undefined && row.model !== model) return;
    if (conversationId !== undefined && row.conversationId !== conversationId) return;
    if (this.#rows.length < maxUsageRows) this.#rows.push(row);
    if (isSummed) return;
    const group = groupBy === "session" ? (row.conversationId ?? "") : groupOfCell(row, groupBy);
    this.#add(group, (total) => addRequest(total, row));
  }

  result(): UserUsage {
    return {
      rows: this.#rows,
      hasMore: this.#totals.requests > this.#rows.length,
      totals: this.#totals,
      groups: [...this.#groups].map(([group, total]) => ({ ...total, group })),
    };
  }

  #add(group: string | undefined, add: (total: UsageTotal) => UsageTotal): void {
    this.#totals = add(this.#totals);
    if (group !== undefined) this.#groups.set(group, add(this.#groups.get(group) ?? noUsageTotal));
  }
}

function groupOfCell(
  { atMs, model, keyId = "" }: { atMs: number; model: string; keyId?: string },
  groupBy: UsageRowGroup | undefined,
): string | undefined {
  if (groupBy === "model") return model;
  if (groupBy === "key") return keyId;
  if (groupBy === "day") return new Date(atMs).toISOString().slice(0, "yyyy-mm-dd".length);
  return undefined;
}
