// The queries on the ledger's rows in views.db.
import type { DatabaseSync } from "node:sqlite";
import type { UsageReader } from "../../actors/account/ports.ts";
import type { UsageCell } from "../../actors/account/rows.ts";
import { sumCells } from "../../actors/account/sums.ts";

type LogQuery = Parameters<UsageReader["log"]>[0];
type UserQuery = Parameters<UsageReader["ofUser"]>[1];
type TotalsQuery = Parameters<UsageReader["totals"]>[0];

export function createUsageReads(db: DatabaseSync) {
  const log = db.prepare(
    `SELECT row FROM requests WHERE id < ?1 AND at_ms >= ?2 AND at_ms < ?3
       AND (?4 IS NULL OR model = ?4) AND (?5 IS NULL OR status = ?5) AND (?6 IS NULL OR is_failed = ?6)
     ORDER BY id DESC LIMIT ?7`,
  );
  const ofUser = db.prepare(
    "SELECT row FROM requests WHERE user_id = ? AND id < ? AND at_ms >= ? AND at_ms < ? ORDER BY id DESC LIMIT ?",
  );
  const cells = db.prepare(
    `SELECT period, model, key_id AS "keyId", credential_id AS "credentialId", sums FROM usage
     WHERE unit = ? AND period >= ? AND period <= ?`,
  );
  const days = db.prepare(
    `SELECT period, model, key_id AS "keyId", credential_id AS "credentialId", sums FROM usage
     WHERE unit = 'day' AND user_id = ? AND period >= ? AND period <= ?`,
  );
  const texts = (rows: unknown) => (rows as { row: string }[]).map(({ row }) => row);
  return {
    requestLog({ query, max }: { query: LogQuery; max: number }): string[] {
      const { beforeId, fromMs, toMs, model = null, status = null, isFailed } = query;
      const failed = isFailed === undefined ? null : Number(isFailed);
      return texts(log.all(beforeId, fromMs, toMs, model, status, failed, max));
    },
    requestsOfUser({ userId, query, max }: { userId: string; query: UserQuery; max: number }): string[] {
      return texts(ofUser.all(userId, query.beforeId, query.fromMs, query.toMs, max));
    },
    usageDays({ userId, from, to }: { userId: string; from: number; to: number }): UsageCell[] {
      return days.all(userId, from, to) as unknown as UsageCell[];
    },
    usageTotals({ unit, from, to, by }: TotalsQuery) {
      return sumCells(cells.iterate(unit, from, to) as unknown as Iterable<UsageCell>, by);
    },
  };
}
