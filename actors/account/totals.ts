// Sums of settled requests by (model, key, credential) of one hour and one day. A settle writes the sums after it as absolute
// numbers, so that a row may be written again and in any order.
import type { EndReason } from "../llm/usage.ts";
import { maxCellsPerPeriod, otherModel } from "./limits.ts";
import { answerTokensOf, promptTokensOf } from "./price.ts";
import type { RequestRow } from "./rows.ts";

/** Money as decimal text: a sum may be larger than a safe integer. */
export type Cell = readonly [
  requests: number,
  failed: number,
  unpriced: number,
  promptTokens: number,
  cachedTokens: number,
  answerTokens: number,
  images: number,
  ms: number,
  cost: string,
  lostCost: string,
];

/** Of one period: hours or days (UTC) since 1970. It never falls, also when the clock was set back. */
export interface Cells {
  period: number;
  /** By cell key. */
  cells: Map<string, Cell>;
}

export interface CellKey {
  model: string;
  keyId: string;
  credentialId: string;
}

/** One cell after a settle. */
export interface CellAfter {
  period: number;
  key: string;
  cell: Cell;
}

const separator = "\n";

export function parseCellKey(key: string): CellKey {
  const [keyId = "", credentialId = "", ...model] = key.split(separator);
  return { model: model.join(separator), keyId, credentialId };
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The cell that the row is counted in, after it. */
export function countIn(cells: Cells, row: RequestRow, periodMs: number): CellAfter {
  const period = Math.max(cells.period, Math.floor(row.atMs / periodMs));
  const known = period === cells.period ? cells.cells : new Map<string, Cell>();
  const keyOf = (model: string) => [row.keyId ?? "", row.credentialId ?? "", model].join(separator);
  let key = keyOf(row.model);
  if (!known.has(key) && known.size >= maxCellsPerPeriod) key = keyOf(otherModel);
  return { period, key, cell: added(known.get(key), row) };
}

export function applyCell(cells: Cells, { period, key, cell }: CellAfter): void {
  if (period > cells.period) {
    cells.period = period;
    cells.cells.clear();
  }
  cells.cells.set(key, cell);
}

function added(cell: Cell = [0, 0, 0, 0, 0, 0, 0, 0, "0", "0"], row: RequestRow): Cell {
  const { usage } = row;
  return [
    cell[0] + 1,
    cell[1] + (isFailed(row) ? 1 : 0),
    cell[2] + (row.price === undefined ? 1 : 0),
    cell[3] + promptTokensOf(usage),
    cell[4] + (usage.cachedInputTokens ?? 0),
    cell[5] + answerTokensOf(usage),
    cell[6] + (usage.images ?? 0),
    cell[7] + row.ms,
    addedMoney(cell[8], row.cost),
    addedMoney(cell[9], row.lostCost ?? 0),
  ];
}

function addedMoney(sum: string, more: number): string {
  if (more === 0) return sum;
  const fast = Number(sum) + more;
  return Number.isSafeInteger(fast) ? String(fast) : String(BigInt(sum) + BigInt(more));
}

const failures: ReadonlySet<EndReason> = new Set(["cut", "silent", "stalled", "refused", "unreachable", "host_lost"]);

/** The answer did not come as it should have. A client that left, or a user who stopped it, is no failure. */
export function isFailed({ status, reason }: Pick<RequestRow, "status" | "reason">): boolean {
  return status >= 400 || failures.has(reason);
}
