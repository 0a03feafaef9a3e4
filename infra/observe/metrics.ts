// The metrics of a process, as Prometheus text. Hot paths only add to plain numbers, because prom-client's counters cost more;
// the numbers are copied into prom-client when the metrics are requested.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { GatewayMetrics } from "../../gateway/ports.ts";

export interface Metrics {
  gateway: GatewayMetrics;
  /** Shows plain counters (the runtime's stats, for example), one metric `parley_<prefix>_<name>_total` each. */
  watchCounters<T extends object>(prefix: string, helpByName: CounterHelp<T>, read: () => T): void;
  /** Shows a current value: a queue's length, a lag, a size. `read` is called for each request of the metrics. */
  watchGauge(name: string, help: string, read: () => number | Record<string, number>): void;
  render(): Promise<{ contentType: string; body: string }>;
}
type CounterHelp<T> = { [N in keyof T as T[N] extends number ? N : never]?: string };

// Label values come from our own tables, never from clients. Should a label grow all the same, further values are counted as
// "other".
const maxLabelValues = 200;
const requestSecondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
// Interval at which the event loop's delay is sampled. A shorter one costs CPU time on an idle server.
const loopDelaySampleMs = 50;

/** Default metrics that are left out: each visits every socket, on the main thread. The gateway counts connections itself. */
const costly = [
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "nodejs_active_resources",
  "nodejs_active_resources_total",
  "process_open_fds",
];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopDelaySampleMs });
  for (const name of costly) registry.removeSingleMetric(name);
  const metrics = { registers: [registry] };

  return {
    gateway: gatewayMetrics(registry),

    watchCounters(prefix, helpByName, read) {
      for (const [name, help] of Object.entries(helpByName) as [keyof ReturnType<typeof read> & string, string][]) {
        new Counter({
          ...metrics,
          name: `parley_${prefix}_${snakeCase(name)}_total`,
          help,
          collect() {
            this.reset();
            this.inc(Number(read()[name]));
          },
        });
      }
    },

    watchGauge(name, help, read) {
      new Gauge({
        ...metrics,
        name: `parley_${name}`,
        help,
        labelNames: ["part"],
        collect() {
          this.reset();
          const now = read();
          if (typeof now === "number") this.set(now);
          else for (const [part, value] of Object.entries(now)) this.set({ part }, value);
        },
      });
    },

    async render() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function gatewayMetrics(registry: Registry): GatewayMetrics {
  let connections = 0;
  let frames = 0;
  let bytes = 0;
  const framesIn = tally();
  const closes = tally();
  const gaps = tally();

  const metrics = { registers: [registry] };
  new Gauge({
    ...metrics,
    name: "parley_connections",
    help: "WebSocket connections open now.",
    collect() {
      this.set(connections);
    },
  });
  counter("parley_frames_in_total", "Frames received, by type.", "type", framesIn);
  counter("parley_connections_closed_total", "Connections closed, by close code.", "code", closes);
  counter("parley_gaps_total", "Gaps healed: versions pulled, frames sent again.", "kind", gaps);
  counter("parley_frames_out_total", "Frames written to sockets.", undefined, () => frames);
  counter("parley_bytes_out_total", "Bytes of frames written to sockets.", undefined, () => bytes);
  const requests = new Histogram({
    ...metrics,
    name: "parley_request_seconds",
    help: "REST requests by route and status.",
    labelNames: ["route", "status"],
    buckets: requestSecondsBuckets,
  });

  return {
    connections(delta) {
      connections += delta;
    },
    frameIn: framesIn.add,
    framesOut(count, size) {
      frames += count;
      bytes += size;
    },
    closed(code) {
      closes.add(String(code));
    },
    request(route, status, ms) {
      requests.observe({ route, status: String(status) }, ms / 1_000);
    },
    gap: gaps.add,
  };

  function counter(name: string, help: string, label: string | undefined, source: Tally | (() => number)): void {
    new Counter({
      ...metrics,
      name,
      help,
      labelNames: label ? [label] : [],
      collect() {
        this.reset();
        if (typeof source === "function") this.inc(source());
        else for (const [value, count] of source.counts) this.inc({ [label ?? "value"]: value }, count);
      },
    });
  }
}

interface Tally {
  readonly counts: ReadonlyMap<string, number>;
  add(value: string): void;
}

function tally(): Tally {
  const counts = new Map<string, number>();
  return {
    counts,
    add(value) {
      const known = counts.get(value);
      if (known !== undefined) counts.set(value, known + 1);
      else if (counts.size < maxLabelValues) counts.set(value, 1);
      else counts.set("other", (counts.get("other") ?? 0) + 1);
    },
  };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
