// Reads the ledger. What one user is shown is exact: the account's newest records are read beside the views, as histories of
// conversations are. The log and the dashboard show what projectors have written: within milliseconds, under load within two
// seconds. All of them are sums of the same rows.
import type { CallOptions } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";
import type { UsageGroup } from "./ports.ts";
import type { RequestRow, UsageTotal } from "./rows.ts";
import { addTotals, noUsageTotal } from "./sums.ts";
import { dayMs, hourMs } from "./totals.ts";
import { readUserUsage, type UsageDeps, type UsageQuery, type UserUsage } from "./user-usage.ts";

export const usageRanges = ["24h", "7d", "30d"] as const;
export type UsageRange = (typeof usageRanges)[number];

interface UsagePoint extends UsageTotal {
  /** When the hour or the day (UTC) begins. */
  atMs: number;
  group: string;
}

interface LogQuery {
  /** Of the last row of the page before. */
  before?: { id: number; atMs: number };
  model?: string;
  status?: number;
  isFailed?: boolean;
}

export interface UsageReading {
  /** Throws common.too_large when more than `maxUsageScanned` requests would have to be added up one by one. */
  ofUser(userId: UserId, query: UsageQuery, call?: CallOptions): Promise<UserUsage>;
  /** The newest requests of all users, back to `maxLogMs`. */
  log(query: LogQuery, maxRows: number): Promise<{ rows: RequestRow[]; hasMore: boolean }>;
  /** Without `by` every period has its point; with it those of groups that were used. */
  series(range: UsageRange, by?: UsageGroup): Promise<UsagePoint[]>;
  /** This UTC day, and the last 30 days. */
  overview(): Promise<{ today: UsageTotal; month: UsageTotal }>;
}

const maxLogMs = 31 * dayMs;
/** Hosts' clocks differ by less. */
const clockSlackMs = 60_000;

export function createUsage({ actors, reader, clock }: UsageDeps): UsageReading {
  return {
    ofUser: (userId, query, call) => readUserUsage({ actors, reader, clock }, userId, query, call),

    async log({ before, ...query }, maxRows) {
      const nowMs = clock.nowMs();
      const toMs = (before?.atMs ?? nowMs) + clockSlackMs;
      const beforeId = before?.id ?? Number.MAX_SAFE_INTEGER;
      const rows = await reader.log({ ...query, beforeId, toMs, fromMs: nowMs - maxLogMs }, maxRows + 1);
      return { rows: rows.slice(0, maxRows), hasMore: rows.length > maxRows };
    },

    async series(range, by) {
      const { unit, periodMs, periods } = seriesOf[range];
      const to = Math.floor(clock.nowMs() / periodMs);
      const from = to - periods + 1;
      const found = await reader.totals({ unit, from, to, ...(by && { by }) });
      const points = found.map(({ period, ...total }) => ({ ...total, atMs: period * periodMs }));
      if (by) return points;
      const byTime = new Map(points.map((point) => [point.atMs, point]));
      return Array.from({ length: periods }, (_, i) => {
        const atMs = (from + i) * periodMs;
        return byTime.get(atMs) ?? { ...noUsageTotal, group: "", atMs };
      });
    },

    async overview() {
      const to = Math.floor(clock.nowMs() / dayMs);
      const days = await reader.totals({ unit: "day", from: to - seriesOf["30d"].periods + 1, to });
      const today = days.find(({ period }) => period === to) ?? noUsageTotal;
      return { today, month: days.reduce<UsageTotal>(addTotals, noUsageTotal) };
    },
  };
}

const seriesOf: Readonly<Record<UsageRange, { unit: "hour" | "day"; periodMs: number; periods: number }>> = {
  "24h": { unit: "hour", periodMs: hourMs, periods: 24 },
  "7d": { unit: "day", periodMs: dayMs, periods: 7 },
  "30d": { unit: "day", periodMs: dayMs, periods: 30 },
};
