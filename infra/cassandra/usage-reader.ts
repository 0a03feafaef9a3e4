// The readers of the ledger's rows. The log of a day lies in `requestParts` partitions, which are read at once and merged.
import type { UsageReader } from "../../actors/account/ports.ts";
import type { RequestRow, UsageCell } from "../../actors/account/rows.ts";
import { sumCells } from "../../actors/account/sums.ts";
import { dayMs, isFailed as isFailedRow } from "../../actors/account/totals.ts";
import { mapBounded } from "../../actors/shared/map-bounded.ts";
import { bigint, int, text } from "./cells.ts";
import type { Session } from "./client.ts";
import { requestParts, usageChunkOf } from "./schema.ts";

/** Rows of one request to Cassandra. */
const rowsPerPage = 500;
const cql = {
  log: "SELECT row FROM requests WHERE day = ? AND part = ? AND id < ?",
  ofUser: "SELECT row FROM requests_by_user WHERE user_id = ? AND chunk = ? AND id < ?",
  daysOf: "SELECT model, key_id, credential_id, sums FROM usage WHERE unit = ? AND period = ? AND user_id = ?",
  totals: "SELECT model, key_id, credential_id, sums FROM usage WHERE unit = ? AND period = ?",
} as const;

/** Periods that are read at once. */
const periodsAtOnce = 8;

export function createUsageReader(session: Session): UsageReader {
  async function select(
    query: string,
    params: Buffer[],
    maxRows: number,
    isWanted: (row: RequestRow) => boolean,
  ): Promise<RequestRow[]> {
    const found: RequestRow[] = [];
    for await (const rows of session.pages(query, params, Math.min(maxRows, rowsPerPage))) {
      for (const cells of rows) {
        const row = JSON.parse(String(cells.get("row"))) as RequestRow;
        if (isWanted(row)) found.push(row);
        if (found.length >= maxRows) return found;
      }
    }
    return found;
  }

  return {
    async log({ beforeId, fromMs, toMs, model, status, isFailed }, maxRows) {
      const isWanted = (row: RequestRow) =>
        row.atMs >= fromMs &&
        row.atMs < toMs &&
        (model === undefined || row.model === model) &&
        (status === undefined || row.status === status) &&
        (isFailed === undefined || isFailedRow(row) === isFailed);
      const found: RequestRow[] = [];
      for (let day = dayOf(toMs - 1); day >= dayOf(fromMs) && found.length < maxRows; day -= 1) {
        const parts = Array.from({ length: requestParts }, (_, part) =>
          select(cql.log, [int(day), int(part), bigint(beforeId)], maxRows - found.length, isWanted),
        );
        found.push(
          ...(await Promise.all(parts))
            .flat()
            .sort(newestFirst)
            .slice(0, maxRows - found.length),
        );
      }
      return found;
    },

    async ofUser(userId, { beforeId, fromMs, toMs }, maxRows) {
      const isWanted = ({ atMs }: RequestRow) => atMs >= fromMs && atMs < toMs;
      const found: RequestRow[] = [];
      const last = usageChunkOf(dayOf(fromMs));
      for (let chunk = usageChunkOf(dayOf(toMs - 1)); chunk >= last && found.length < maxRows; chunk -= 1) {
        const params = [text(userId), int(chunk), bigint(beforeId)];
        found.push(...(await select(cql.ofUser, params, maxRows - found.length, isWanted)));
      }
      return found;
    },

    daysOf: (userId, from, to) =>
      readPeriods(from, to, (day) => cellsOf(cql.daysOf, [text("day"), int(day), text(userId)], day)),

    async totals({ unit, from, to, by }) {
      return sumCells(await readPeriods(from, to, (at) => cellsOf(cql.totals, [text(unit), int(at)], at)), by);
    },
  };

  async function cellsOf(query: string, params: Buffer[], period: number): Promise<UsageCell[]> {
    const found: UsageCell[] = [];
    for await (const rows of session.pages(query, params)) {
      for (const row of rows) {
        const [model, keyId, credentialId, sums] = [0, 1, 2, 3].map((column) => String(row.get(column)));
        found.push({ period, model: model!, keyId: keyId!, credentialId: credentialId!, sums: sums! });
      }
    }
    return found;
  }
}

function readPeriods(from: number, to: number, read: (period: number) => Promise<UsageCell[]>): Promise<UsageCell[]> {
  const periods = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  return mapBounded(periods, periodsAtOnce, read).then((cells) => cells.flat());
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

function newestFirst(a: RequestRow, b: RequestRow): number {
  return b.id - a.id;
}
