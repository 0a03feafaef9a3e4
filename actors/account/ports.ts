// What the ledger needs of the world.

import type { UserId } from "../shared/ids.ts";
import type { RequestRow, UsageCell, UsageTotal } from "./rows.ts";

/** Days and months of a time zone, daylight saving time included. */
export interface Calendar {
  /** Is it the name of a time zone, "Asia/Shanghai" for example? */
  isZone(timeZone: string): boolean;
  /** When the day and the month that hold `atMs` end there: the first moment of the next ones. */
  endsOf(timeZone: string, atMs: number): PeriodEnds;
}
export interface PeriodEnds {
  readonly dayEndsAtMs: number;
  readonly monthEndsAtMs: number;
}

export type UsageGroup = "model" | "key" | "credential";

/**
 * Reads what accounts have projected. Rows arrive when their shard's projector writes them: within milliseconds, under load within
 * two seconds. `usageOf` (usage.ts) adds what one account has not projected yet.
 */
export interface UsageReader {
  /** Requests of all payers, newest first: those with an id below `beforeId`, back to the UTC day of `fromMs`. */
  log(
    query: { beforeId: number; toMs: number; fromMs: number; model?: string; status?: number; isFailed?: boolean },
    maxRows: number,
  ): Promise<RequestRow[]>;
  /** Requests of one payer settled in fromMs ≤ atMs < toMs, newest first, with an id below `beforeId`. */
  ofUser(
    userId: UserId,
    query: { beforeId: number; fromMs: number; toMs: number },
    maxRows: number,
  ): Promise<RequestRow[]>;
  /** Sums of one payer in UTC days since 1970, from ≤ period ≤ to, in any order. */
  daysOf(userId: UserId, from: number, to: number): Promise<UsageCell[]>;
  /** Sums by period (UTC hours or days since 1970, from ≤ period ≤ to) and group, in that order; "" is the group of all. */
  totals(query: {
    unit: "hour" | "day";
    from: number;
    to: number;
    by?: UsageGroup;
  }): Promise<(UsageTotal & { period: number; group: string })[]>;
}
