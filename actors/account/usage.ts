// Reads the ledger. What one user is shown is exact: the account's newest records are read beside the views, as histories of
// conversations are. The log and the dashboard show what projectors have written: within milliseconds, under load within two
// seconds. All of them are sums of the same rows.
import type { Actors } from "../runtime/actors.ts";
import type { CallOptions } from "../runtime/contract.ts";
import type { Clock } from "../runtime/ports.ts";
import { DomainError } from "../shared/errors.ts";
import type { UserId } from "../shared/ids.ts";
import { Account } from "./contract.ts";
import type { UsageGroup, UsageReader } from "./ports.ts";
import type { RequestRow, UsageTotal } from "./rows.ts";
import { addRequest, addTotals, noUsageTotal } from "./sums.ts";
import { dayMs, hourMs } from "./totals.ts";

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

export const usageRanges = ["24h", "7d", "30d"] as const;
export type UsageRange = (typeof usageRanges)[number];

export interface UsagePoint extends UsageTotal {
  /** When the hour or the day (UTC) begins. */
  atMs: number;
  group: string;
}

export interface LogQuery {
  /** Of the last row of the page before. */
  before?: { id: number; atMs: number };
  model?: string;
  status?: number;
  isFailed?: boolean;
}

export interface UsageReading {
  /** Throws common.too_large when the query finds more than `maxUsageScanned` requests. */
  ofUser(userId: UserId, query: UsageQuery, call?: CallOptions): Promise<UserUsage>;
  /** The newest requests of all users, back to `maxLogMs`. */
  log(query: LogQuery, maxRows: number): Promise<{ rows: RequestRow[]; hasMore: boolean }>;
  /** Without `by` every period has its point; with it those of groups that were used. */
  series(range: UsageRange, by?: UsageGroup): Promise<UsagePoint[]>;
  /** This UTC day, and the last 30 days. */
  overview(): Promise<{ today: UsageTotal; month: UsageTotal }>;
}

export const maxUsageRows = 1_000;
/** Requests that one query adds up; a larger range is refused. */
export const maxUsageScanned = 100_000;
export const maxUsageMs = 400 * dayMs;
export const maxLogMs = 31 * dayMs;
/** Hosts' clocks differ by less. */
const clockSlackMs = 60_000;
const rowsPerRead = 1_000;

interface UsageDeps {
  actors: Actors;
  reader: UsageReader;
  clock: Pick<Clock, "nowMs">;
}

export function createUsage({ actors, reader, clock }: UsageDeps): UsageReading {
  return {
    async ofUser(userId, query, call) {
      // First what is not projected yet: what the projector writes meanwhile is found twice, and not missed.
      const { rows: recent } = await actors.get(Account, userId).recent({}, call);
      const summary = new Summary(query);
      const seen = new Set<number>();
      for (const row of recent.toReversed()) {
        seen.add(row.id);
        summary.add(row);
      }
      for (let beforeId = Number.MAX_SAFE_INTEGER; ; ) {
        const page = await reader.ofUser(userId, { beforeId, fromMs: query.fromMs, toMs: query.toMs }, rowsPerRead);
        for (const row of page) if (!seen.has(row.id)) summary.add(row);
        const last = page.at(-1);
        if (!last || page.length < rowsPerRead) return summary.result();
        beforeId = last.id;
      }
    },

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

/** Adds up requests that come newest first. */
class Summary {
  readonly #query: UsageQuery;
  readonly #rows: RequestRow[] = [];
  readonly #groups = new Map<string, UsageTotal>();
  #totals = noUsageTotal;

  constructor(query: UsageQuery) {
    this.#query = query;
  }

  add(row: RequestRow): void {
    const { fromMs, toMs, model, conversationId, groupBy } = this.#query;
    if (row.atMs < fromMs || row.atMs >= toMs) return;
    if (model !== undefined && row.model !== model) return;
    if (conversationId !== undefined && row.conversationId !== conversationId) return;
    if (this.#totals.requests >= maxUsageScanned) {
      throw new DomainError("common.too_large", { details: { maxRequests: maxUsageScanned } });
    }
    this.#totals = addRequest(this.#totals, row);
    if (this.#rows.length < maxUsageRows) this.#rows.push(row);
    if (groupBy === undefined) return;
    const group = groupOf[groupBy](row);
    this.#groups.set(group, addRequest(this.#groups.get(group) ?? noUsageTotal, row));
  }

  result(): UserUsage {
    return {
      rows: this.#rows,
      hasMore: this.#totals.requests > this.#rows.length,
      totals: this.#totals,
      groups: [...this.#groups].map(([group, total]) => ({ ...total, group })),
    };
  }
}

const groupOf: Readonly<Record<UsageRowGroup, (row: RequestRow) => string>> = {
  model: ({ model }) => model,
  day: ({ atMs }) => new Date(atMs).toISOString().slice(0, "yyyy-mm-dd".length),
  session: ({ conversationId = "" }) => conversationId,
  key: ({ keyId = "" }) => keyId,
};
