// One line of results of the cluster's benchmark: the CPU time of a unit, and the target.
import { type Spent, sumOf } from "./meter.ts";

export interface Figures {
  scenario: string;
  title: string;
  unit: string;
  /** The target in words. */
  target: string;
  /** CPU µs per unit: of all hosts together, of each host, and of the servers. Absent where CPU time is not measured. */
  cpu?: { ours: number; hosts: Record<string, number>; nats: number; cassandra: number; redis: number };
  perSecond?: number;
  p50Ms?: number;
  p99Ms?: number;
  notes?: Record<string, number | string>;
}

export function perUnit({ hosts, nats, cassandra, redis }: Spent, units: number): Figures["cpu"] {
  return {
    ours: sumOf(hosts) / units,
    hosts: Object.fromEntries(Object.entries(hosts).map(([name, micros]) => [name, micros / units])),
    nats: nats / units,
    cassandra: cassandra / units,
    redis: redis / units,
  };
}

/** The exact quantile; `q` is between 0 and 1. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

export function printFigures(all: readonly Figures[]): void {
  console.table(Object.fromEntries(all.map((figures) => [figures.title, rowOf(figures)])));
  for (const { title, cpu, notes } of all) {
    const hosts = Object.entries(cpu?.hosts ?? {}).map(([name, micros]) => `${name} ${micros.toFixed(2)} µs`);
    const others = Object.entries(notes ?? {}).map(([name, value]) => `${name} ${value}`);
    const said = [...(hosts.length > 1 ? hosts : []), ...others];
    if (said.length > 0) console.log(`${title}: ${said.join(", ")}`);
  }
}

function rowOf({ unit, target, cpu, perSecond, p50Ms, p99Ms }: Figures) {
  const rounded = (value: number | undefined) => (value === undefined ? "" : Number(value.toFixed(2)));
  return {
    unit,
    target,
    "ours µs": rounded(cpu?.ours),
    "NATS µs": rounded(cpu?.nats),
    "Cassandra µs": rounded(cpu?.cassandra),
    "Redis µs": rounded(cpu?.redis),
    "per second": perSecond === undefined ? "" : Math.round(perSecond),
    "p50 ms": rounded(p50Ms),
    "p99 ms": rounded(p99Ms),
  };
}
