import { t } from "../base/prefs.ts";
import { count, duration, money, shortTime } from "../base/shown.ts";
import type { Names } from "../data/names.ts";
import type { LogRow } from "../data/shapes.ts";
import { Badge } from "../ui/page.tsx";
import { type Column, Table } from "../ui/table.tsx";

interface LogTableProps {
  rows: readonly LogRow[];
  names: Names;
  onOpen: (row: LogRow) => void;
}

export function LogTable({ rows, names, onOpen }: LogTableProps) {
  const columns: Column<LogRow>[] = [
    {
      title: t("logs.time"),
      kind: "main",
      cell: (row) => (
        <button type="button" class="link" title={t("do.details")} onClick={() => onOpen(row)}>
          <time dateTime={row.created_at}>{shortTime(row.created_at)}</time>
        </button>
      ),
    },
    { title: t("logs.status"), cell: (row) => <StatusBadge row={row} /> },
    {
      title: t("logs.model"),
      cell: ({ model, endpoint }) => (
        <div class="two-lines">
          <b>{model}</b>
          <span class="quiet whole">{endpoint}</span>
        </div>
      ),
    },
    { title: t("logs.key"), cell: (row) => keyOf(row, names) },
    {
      title: t("logs.account"),
      cell: (row) => (row.token_id === null ? <span class="quiet">{row.provider ?? "–"}</span> : accountOf(row, names)),
    },
    { title: t("logs.tokens"), kind: "number", cell: ({ total_tokens: n }) => count(n) },
    { title: t("logs.cost"), kind: "number", cell: ({ cost, unpriced }) => (unpriced ? "–" : money(cost)) },
    { title: t("logs.latency"), kind: "number", cell: ({ latency_ms: ms }) => duration(ms) },
  ];
  return <Table label={t("logs.title")} columns={columns} rows={rows} keyOf={({ id }) => id} />;
}

export function StatusBadge({ row: { status_code: status, is_failed: isFailed } }: { row: LogRow }) {
  return <Badge kind={isFailed ? "bad" : "good"}>{status}</Badge>;
}

export function keyOf({ api_key_id: id }: LogRow, names: Names): string {
  return id === null ? "–" : (names.keyName(id) ?? `#${id}`);
}

export function accountOf({ token_id: id }: LogRow, names: Names): string {
  return id === null ? "–" : (names.tokenName(id) ?? `#${id}`);
}
