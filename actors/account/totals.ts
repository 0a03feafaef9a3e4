// Sums of settled requests by (model, key, credential) of one hour and one day. A settle writes the sums after it as absolute
// numbers, so that a row may be written again and in any order.
import { answerTokensOf, type EndReason, promptTokensOf } from "../llm/usage.ts";
import { maxCellsPerPeriod, otherModel } from "./limits.ts";
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

interface CellKey {
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
  const first = key.indexOf(separator);
  const second = key.indexOf(separator, first + 1);
  return { keyId: key.slice(0, first), credentialId: key.slice(first + 1, second), model: key.slice(second + 1) };
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The cell that the row is counted in, after it. */
export function countIn(cells: Cells, row: RequestRow, periodMs: number): CellAfter {
  const period = Math.max(cells.period, Math.floor(row.atMs / periodMs));
  const known = period === cells.period ? cells.cells : new Map<string, Cell>();
  const keyOf = (model: string) => `${row.keyId ?? ""}${separator}${row.credentialId ?? ""}${separator}${model}`;
  let key = keyOf(row.model);
  if (!known.has(key) && known.size >= maxCellsPerPeriod) key = keyOf(otherModel);
  const cell = cellOf(row);
  const before = known.get(key);
  return { period, key, cell: before ? added(before, cell) : cell };
}

export function applyCell(cells: Cells, { period, key, cell }: CellAfter): void {
  if (period > cells.period) {
    cells.period = period;
    cells.cells.clear();
  }
  cells.cells.set(key, cell);
}

/** One request. */
export function cellOf(row: RequestRow): Cell {
  const { usage } = row;
  return [
    1,
    isFailed(row) ? 1 : 0,
    row.price === undefined ? 1 : 0,
    promptTokensOf(usage),
    usage.cachedInputTokens ?? 0,
    answerTokensOf(usage),
    usage.images ?? 0,
    row.ms,
    String(row.cost),
    String(row.lostCost ?? 0),
  ];
}

function added(a: Cell, b: Cell): Cell {
  return [
    a[0] + b[0],
    a[1] + b[1],
    a[2] + b[2],
    a[3] + b[3],
    a[4] + b[4],
    a[5] + b[5],
    a[6] + b[6],
    a[7] + b[7],
    addedMoney(a[8], b[8]),
    addedMoney(a[9], b[9]),
  ];
}

function addedMoney(a: string, b: string): string {
  const sum = Number(a) + Number(b);
  return Number.isSafeInteger(sum) ? String(sum) : String(BigInt(a) + BigInt(b));
}

const failures: ReadonlySet<EndReason> = new Set(["cut", "silent", "stalled", "refused", "unreachable", "host_lost"]);

/** The answer did not come as it should have. A client that left, or a user who stopped it, is no failure. */
export function isFailed({ status, reason }: Pick<RequestRow, "status" | "reason">): boolean {
  return status >= 400 || failures.has(reason);
}
