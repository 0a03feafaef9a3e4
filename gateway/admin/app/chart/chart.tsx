// A time series as stacked bars. The pointer and the arrow keys choose a period, whose values stand in a tooltip; the table
// below says the same to those who do not see the chart.
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { labelled, stack, ticksTo } from "./scale.ts";

interface Series {
  name: string;
  /** Of the color: 1, 2 or 3. */
  tone: 1 | 2 | 3;
}
interface ChartProps {
  title: string;
  series: readonly Series[];
  /** The values of each period, in the order of the series. */
  points: readonly { label: string; values: readonly number[] }[];
  /** Of a value in the tooltip and in the table. */
  format: (value: number) => string;
  /** Of a value at the axis. */
  formatTick: (value: number) => string;
}

const heightPx = 168;
const axisPx = 52;
const labelPx = 58;
const topPx = 10;

export function Chart({ title, series, points, format, formatTick }: ChartProps) {
  const titleId = useId();
  const { element, widthPx } = useWidth();
  const [chosen, setChosen] = useState<number>();
  const totals = points.map(({ values }) => sum(values));
  const ticks = ticksTo(Math.max(0, ...totals));
  const max = ticks.at(-1) ?? 1;
  const plotPx = Math.max(0, widthPx - axisPx);
  const stepPx = plotPx / Math.max(1, points.length);
  const yOf = (value: number) => topPx + heightPx - (value / max) * heightPx;
  const move = (event: KeyboardEvent) => {
    const last = points.length - 1;
    const from = chosen ?? (event.key === "ArrowLeft" ? last + 1 : -1);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setChosen(Math.min(last, Math.max(0, to)));
    } else if (event.key === "Escape") setChosen(undefined);
  };
  const point = chosen === undefined ? undefined : points[chosen];
  return (
    <figure class="chart">
      <figcaption id={titleId} class="off-screen">
        {title}. {t("chart.hint")}
      </figcaption>
      <Legend series={series} sums={series.map((_, i) => format(sum(points.map(({ values }) => values[i] ?? 0))))} />
      <div
        ref={element}
        class="chart-plot"
        role="img"
        aria-labelledby={titleId}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys choose a period
        tabIndex={0}
        onKeyDown={move}
        onBlur={() => setChosen(undefined)}
        onPointerLeave={() => setChosen(undefined)}
        onPointerMove={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left - axisPx;
          setChosen(x < 0 || stepPx === 0 ? undefined : Math.min(points.length - 1, Math.floor(x / stepPx)));
        }}
      >
        <svg width={widthPx} height={topPx + heightPx + 24} aria-hidden="true">
          {ticks.map((tick) => (
            <g key={tick} class="tick">
              <line x1={axisPx} x2={widthPx} y1={yOf(tick)} y2={yOf(tick)} />
              <text x={axisPx - 8} y={yOf(tick) + 4} text-anchor="end">
                {formatTick(tick)}
              </text>
            </g>
          ))}
          {chosen !== undefined && (
            <rect class="chosen" x={axisPx + chosen * stepPx} y={topPx} width={stepPx} height={heightPx} />
          )}
          {points.map(({ label, values }, index) => (
            <Bar key={label} {...{ series, values, max }} x={axisPx + index * stepPx} stepPx={stepPx} />
          ))}
          {labelled(points.length, plotPx, labelPx).map((index) => (
            <text key={index} class="period" x={axisPx + (index + 0.5) * stepPx} y={topPx + heightPx + 18}>
              {points[index]?.label}
            </text>
          ))}
        </svg>
        {point && (
          <div
            class="tooltip"
            style={{ left: `${Math.min(Math.max(axisPx + ((chosen ?? 0) + 0.5) * stepPx, 80), widthPx - 80)}px` }}
            aria-live="polite"
          >
            <b>{point.label} UTC</b>
            {series.map(({ name, tone }, i) => (
              <span key={name}>
                <i class={`dot tone-${tone}`} />
                {name} <b>{format(point.values[i] ?? 0)}</b>
              </span>
            ))}
          </div>
        )}
      </div>
      <DataTable {...{ title, series, points, format }} />
    </figure>
  );
}

interface BarProps extends Pick<ChartProps, "series"> {
  values: readonly number[];
  max: number;
  x: number;
  stepPx: number;
}

function Bar({ series, values, max, x, stepPx }: BarProps) {
  const gapPx = Math.min(8, stepPx * 0.28);
  return (
    <g>
      {stack(values, max, heightPx).map(({ y, height }, i) =>
        height > 0 ? (
          <rect
            key={series[i]?.name}
            class={`tone-${series[i]?.tone}`}
            x={x + gapPx / 2}
            y={topPx + y}
            width={Math.max(1, stepPx - gapPx)}
            height={height}
            rx={Math.min(2.5, stepPx / 5)}
          />
        ) : null,
      )}
    </g>
  );
}

function Legend({ series, sums }: { series: readonly Series[]; sums: readonly string[] }) {
  return (
    <ul class="legend">
      {series.map(({ name, tone }, i) => (
        <li key={name}>
          <i class={`dot tone-${tone}`} />
          {name} <b>{sums[i]}</b>
        </li>
      ))}
    </ul>
  );
}

function DataTable({ title, series, points, format }: Pick<ChartProps, "title" | "series" | "points" | "format">) {
  return (
    <details class="chart-table">
      <summary>{t("chart.asTable")}</summary>
      <div class="table-scroll">
        <table class="table small" aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{t("chart.time")}</th>
              {series.map(({ name }) => (
                <th key={name} scope="col" class="number-cell">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map(({ label, values }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {series.map(({ name }, i) => (
                  <td key={name} class="number-cell">
                    {format(values[i] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [widthPx, setWidth] = useState(0);
  useLayoutEffect(() => {
    const plot = element.current;
    if (!plot) return;
    const measure = () => setWidth(plot.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(plot);
    return () => observer.disconnect();
  }, []);
  return { element, widthPx };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
