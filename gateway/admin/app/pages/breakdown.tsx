// What the requests of a range are made of: models, keys or accounts, with their sums.
import { useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { count, money, share } from "../base/shown.ts";
import { ask } from "../data/api.ts";
import { useLoad } from "../data/load.ts";
import { useNames } from "../data/names.ts";
import type { Grouping, Range, Usage } from "../data/shapes.ts";
import { type GroupSums, sumAll, sumByGroup } from "../data/sums.ts";
import { Choice } from "../ui/fields.tsx";
import { NotLoaded } from "../ui/notice.tsx";
import { Card } from "../ui/page.tsx";
import { type Column, Table } from "../ui/table.tsx";

const groupings = ["model", "key", "token"] as const;

export function Breakdown({ range, everyMs }: { range: Range; everyMs: number }) {
  const [by, setBy] = useState<Grouping>("model");
  const { data, error, reload } = useLoad(
    () => ask<Usage>("GET", `/admin/stats/usage?range=${range}&group_by=${by}`).then((usage) => ({ ...usage, by })),
    [range, by],
    everyMs,
  );
  const names = useNames();
  const nameOf = ({ group }: GroupSums) => {
    const shownBy = data?.by ?? by;
    if (shownBy === "model") return group;
    if (group === "") return shownBy === "key" ? t("dash.by.nokey") : t("dash.by.noaccount");
    return (shownBy === "key" ? names.keyName(group) : names.tokenName(group)) ?? t("dash.by.gone", { id: group });
  };
  const groups = sumByGroup(data?.data ?? []);
  const all = sumAll(groups);
  const columns: Column<GroupSums>[] = [
    {
      title: t(`dash.by.${by}`),
      kind: "main",
      cell: (row) => (
        <div class="with-share">
          <span>{nameOf(row)}</span>
          <meter value={row.requests} max={Math.max(1, all.requests)} aria-label={t("dash.share")}>
            {share(row.requests / Math.max(1, all.requests))}
          </meter>
        </div>
      ),
    },
    { title: t("keys.requests"), kind: "number", cell: ({ requests }) => count(requests) },
    { title: t("series.failed"), kind: "number", cell: ({ failed }) => count(failed) },
    { title: t("logs.detail.prompt"), kind: "number", cell: ({ prompt_tokens: n }) => count(n) },
    { title: t("logs.detail.completion"), kind: "number", cell: ({ completion_tokens: n }) => count(n) },
    { title: t("dash.chart.cost"), kind: "number", cell: ({ cost }) => money(cost) },
  ];
  const sums = [
    t("dash.total"),
    count(all.requests),
    count(all.failed),
    count(all.prompt_tokens),
    count(all.completion_tokens),
    money(all.cost),
  ];
  if (data && groups.length === 0) return null;
  return (
    <Card
      title={t("dash.by")}
      actions={
        <Choice
          label={t("dash.by.label")}
          value={by}
          onChange={setBy}
          options={groupings.map((each) => [each, t(`dash.by.${each}`)] as const)}
        />
      }
    >
      <NotLoaded {...{ data, error, reload }} rows={4} />
      {data && <Table label={t("dash.by")} columns={columns} rows={groups} keyOf={({ group }) => group} sums={sums} />}
    </Card>
  );
}
