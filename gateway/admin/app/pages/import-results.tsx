import { t } from "../base/prefs.ts";
import { Badge } from "../ui/page.tsx";
import { Table } from "../ui/table.tsx";

export interface ResultRow {
  source: string;
  label: string;
  /** Why it was not imported; undefined when it was. */
  reason?: string;
}

/** Failures come first: they are what somebody has to do something about. */
export function ImportResults({ rows }: { rows: readonly ResultRow[] }) {
  if (rows.length === 0) return null;
  const numbered = rows.map((row, index) => ({ ...row, index }));
  const sorted = numbered.sort(
    (a, b) => Number(a.reason === undefined) - Number(b.reason === undefined) || a.index - b.index,
  );
  return (
    <div class="results">
      <Table
        label={t("import.result")}
        rows={sorted}
        keyOf={({ index }) => index}
        columns={[
          { title: t("import.row"), kind: "main", cell: ({ label }) => label },
          { title: t("import.source"), cell: ({ source }) => source },
          {
            title: t("import.result"),
            cell: ({ reason }) =>
              reason === undefined ? <Badge kind="good">{t("import.ok")}</Badge> : <span class="bad">{reason}</span>,
          },
        ]}
      />
    </div>
  );
}
