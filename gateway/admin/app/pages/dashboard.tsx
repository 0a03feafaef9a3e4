import { useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import { t } from "../base/prefs.ts";
import { addressOf } from "../base/route.ts";
import { count, money, period, short, shortTime } from "../base/shown.ts";
import { Chart } from "../chart/chart.tsx";
import { ask } from "../data/api.ts";
import { type Loaded, useLoad } from "../data/load.ts";
import type { Overview, Range, Usage } from "../data/shapes.ts";
import { LinkButton } from "../ui/button.tsx";
import { Copyable } from "../ui/copy.tsx";
import { Choice } from "../ui/fields.tsx";
import { Empty, LoadError, Placeholder } from "../ui/notice.tsx";
import { Card, PageHead } from "../ui/page.tsx";
import { Breakdown } from "./breakdown.tsx";
import { Tiles } from "./tiles.tsx";

const everyMs = 15_000;
const ranges = ["24h", "7d", "30d"] as const;

export function DashboardPage() {
  const [range, setRange] = useState<Range>("24h");
  const overview = useLoad(() => ask<Overview>("GET", "/admin/stats/overview"), [], everyMs);
  const usage = useLoad(() => ask<Usage>("GET", `/admin/stats/usage?range=${range}`), [range], everyMs);
  const unpriced = overview.data?.totals.unpriced ?? 0;
  return (
    <>
      <PageHead title={t("dash.title")} lead={t("dash.lead")}>
        <LinkButton href={addressOf("keys", { do: "new" })} icon="plus">
          {t("dash.quick.key")}
        </LinkButton>
        <LinkButton href={addressOf("tokens", { do: "import" })} icon="upload">
          {t("dash.quick.import")}
        </LinkButton>
        <LinkButton href={addressOf("logs", { status: "error" })} icon="alert">
          {t("dash.quick.errors")}
        </LinkButton>
      </PageHead>
      {overview.error && !overview.data ? (
        <Card>
          <LoadError error={overview.error} onRetry={overview.reload} />
        </Card>
      ) : (
        <Tiles overview={overview.data} />
      )}
      {unpriced > 0 && <Notice kind="warning">{t("dash.unpriced", { n: unpriced })}</Notice>}
      <div class="range-bar">
        <Choice
          label={t("dash.range")}
          value={range}
          onChange={setRange}
          options={ranges.map((each) => [each, t(`dash.range.${each}`)] as const)}
        />
        <span class="quiet">
          {usage.atMs > 0 && t("dash.updated", { time: shortTime(new Date(usage.atMs).toISOString()) })}
        </span>
      </div>
      <Charts usage={usage} />
      <Breakdown range={range} everyMs={everyMs} />
    </>
  );
}

function Charts({ usage: { data, error, reload } }: { usage: Loaded<Usage> }) {
  if (error && !data) {
    return (
      <Card>
        <LoadError error={error} onRetry={reload} />
      </Card>
    );
  }
  if (!data) {
    return (
      <Card title={t("dash.chart.requests")} kind="tall">
        <Placeholder rows={6} />
      </Card>
    );
  }
  if (data.data.every(({ requests }) => requests === 0)) {
    return (
      <Card>
        <Empty icon="chart" title={t("dash.empty")} lead={t("dash.empty.lead")}>
          <Copyable text={`${location.origin}/v1`} label="base URL" />
        </Empty>
      </Card>
    );
  }
  const isHour = data.range === "24h";
  const pointsOf = (valuesOf: (point: Usage["data"][number]) => number[]) =>
    data.data.map((point) => ({ label: period(point.time, isHour), values: valuesOf(point) }));
  return (
    <div class="charts">
      <Card title={t("dash.chart.requests")} kind="wide">
        <Chart
          title={t("dash.chart.requests")}
          series={[
            { name: t("series.ok"), tone: 1 },
            { name: t("series.failed"), tone: 3 },
          ]}
          points={pointsOf(({ requests, failed }) => [requests - failed, failed])}
          format={count}
          formatTick={short}
        />
      </Card>
      <Card title={t("dash.chart.tokens")}>
        <Chart
          title={t("dash.chart.tokens")}
          series={[
            { name: t("series.prompt"), tone: 1 },
            { name: t("series.completion"), tone: 2 },
          ]}
          points={pointsOf(({ prompt_tokens, completion_tokens }) => [prompt_tokens, completion_tokens])}
          format={count}
          formatTick={short}
        />
      </Card>
      <Card title={t("dash.chart.cost")}>
        <Chart
          title={t("dash.chart.cost")}
          series={[{ name: t("series.cost"), tone: 2 }]}
          points={pointsOf(({ cost }) => [cost])}
          format={money}
          formatTick={(value) => (value === 0 ? "$0" : `$${Number(value.toPrecision(3))}`)}
        />
      </Card>
    </div>
  );
}
