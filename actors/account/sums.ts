// Adds up the sums of accounts: what readers of the view `usage` have in common, in whatever store it is.
import type { UsageGroup } from "./ports.ts";
import type { RequestRow, UsageCell, UsageTotal } from "./rows.ts";
import { type Cell, cellOf } from "./totals.ts";

type PeriodTotal = UsageTotal & { period: number; group: string };

/** In the order of period and group. */
export function sumCells(cells: Iterable<UsageCell>, by: UsageGroup | undefined): PeriodTotal[] {
  const totals = new Map<string, PeriodTotal>();
  for (const cell of cells) {
    const group = groupOf(cell, by);
    const id = `${cell.period} ${group}`;
    totals.set(id, { ...addCell(totals.get(id) ?? noUsageTotal, JSON.parse(cell.sums)), period: cell.period, group });
  }
  return [...totals.values()].sort((a, b) => a.period - b.period || (a.group < b.group ? -1 : 1));
}

export const noUsageTotal: UsageTotal = {
  requests: 0,
  failed: 0,
  unpriced: 0,
  promptTokens: 0,
  cachedTokens: 0,
  answerTokens: 0,
  images: 0,
  ms: 0,
  cost: 0n,
  lostCost: 0n,
};

/** The sum of one request more. */
export function addRequest(total: UsageTotal, row: RequestRow): UsageTotal {
  return addCell(total, cellOf(row));
}

export function addCell(total: UsageTotal, cell: Cell): UsageTotal {
  const [requests, failed, unpriced, promptTokens, cachedTokens, answerTokens, images, ms, cost, lostCost] = cell;
  return addTotals(total, {
    ...{ requests, failed, unpriced, promptTokens, cachedTokens, answerTokens, images, ms },
    cost: BigInt(cost),
    lostCost: BigInt(lostCost),
  });
}

export function addTotals(a: UsageTotal, b: UsageTotal): UsageTotal {
  return {
    requests: a.requests + b.requests,
    failed: a.failed + b.failed,
    unpriced: a.unpriced + b.unpriced,
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    answerTokens: a.answerTokens + b.answerTokens,
    images: a.images + b.images,
    ms: a.ms + b.ms,
    cost: a.cost + b.cost,
    lostCost: a.lostCost + b.lostCost,
  };
}

function groupOf({ model, keyId, credentialId }: UsageCell, by: UsageGroup | undefined): string {
  if (by === undefined) return "";
  return { model, key: keyId, credential: credentialId }[by];
}
