// Scenarios under a constant load: the CPU time of a message or a delivery, by process.
import { type Figures, perUnit } from "./figures.ts";
import { type Spent, startMeter, sumOf, untilProjected } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { actorsApart, allRoles, patientLease, type Rig, type RigPlan, withRig } from "./rig.ts";

interface Wanted {
  scenario: string;
  title: string;
  unit: "message" | "delivery";
  target: string;
  notes?(spent: Spent, units: number): Record<string, number | string>;
}

const pairs = 200;
const window = 4;
const openPerSecond = 1_000;
const groupSize = 1_000;
const groupWindow = 32;
const groupPerSecond = 5;

/** Runs one measurement, including the rows in the views that the load causes. */
export async function measure({ hosts, servers, load }: Rig, wanted: Wanted): Promise<Figures> {
  const meter = startMeter(hosts, servers);
  const { units, seconds, p50Ms, p99Ms, notes } = await load.go();
  await untilProjected(hosts);
  const spent = meter.spent();
  const { scenario, title, unit, target } = wanted;
  return {
    ...{ scenario, title, unit, target, p50Ms, p99Ms },
    cpu: perUnit(spent, units),
    perSecond: units / seconds,
    notes: { ...(unit === "delivery" ? notes : {}), ...wanted.notes?.(spent, units) },
  };
}

export async function pairsOnOneHost(options: BenchOptions): Promise<Figures[]> {
  return measurePairs(options, 1, "≤ 110 µs ours, ≥ 8000/s");
}

export async function pairsOnThreeHosts(options: BenchOptions): Promise<Figures[]> {
  return measurePairs(options, 3, "≤ 200 µs ours");
}

async function measurePairs(options: BenchOptions, hosts: 1 | 3, target: string): Promise<Figures[]> {
  const { seconds, warmUpSeconds } = options;
  const scenario = hosts === 1 ? "cluster-1to1" : "cluster-1to1-3";
  const place = hosts === 1 ? "1 host" : "3 hosts, R3";
  const warmUp = { window, seconds: warmUpSeconds };
  const rig = { replicas: hosts, hosts: allRoles(hosts), env: patientLease } as const;
  return [
    await withRig(options, { ...rig, load: { kind: "pairs", pairs, window, seconds, warmUp } }, (started) =>
      measure(started, { scenario, title: `1:1, ${place}, window ${window}`, unit: "message", target }),
    ),
    await withRig(
      options,
      { ...rig, load: { kind: "pairs", pairs, perSecond: openPerSecond, seconds, warmUp } },
      (started) =>
        measure(started, {
          scenario: `${scenario}-open`,
          title: `1:1, ${place}, ${openPerSecond} msg/s`,
          unit: "message",
          target: "p99 ≤ 40 ms",
        }),
    ),
  ];
}

export async function fanoutToThousand(options: BenchOptions): Promise<Figures[]> {
  const { seconds, warmUpSeconds } = options;
  const common = { people: groupSize, sizes: [groupSize], seconds, warmUpSeconds };
  const plan = (load: object): RigPlan => ({
    replicas: 1,
    hosts: actorsApart,
    env: patientLease,
    load: { kind: "groups", ...common, ...load },
  });
  const notes = ({ hosts }: Spent, units: number) => ({
    "gateways µs": (gatewayMicros(hosts) / units).toFixed(2),
  });
  const scenario = "cluster-fanout-1000";
  return [
    await withRig(options, plan({ window: groupWindow }), (rig) =>
      measure(rig, {
        ...{ scenario, unit: "delivery", notes },
        title: `fan-out to ${groupSize} over 3 gateways, window ${groupWindow}`,
        target: "gateways ≤ 2.5 µs",
      }),
    ),
    await withRig(options, plan({ perSecond: groupPerSecond }), (rig) =>
      measure(rig, {
        ...{ scenario: `${scenario}-paced`, unit: "delivery", notes },
        title: `fan-out to ${groupSize} over 3 gateways, ${groupPerSecond} msg/s`,
        target: "",
      }),
    ),
  ];
}

function gatewayMicros(hosts: Spent["hosts"]): number {
  return sumOf(Object.fromEntries(Object.entries(hosts).filter(([name]) => name.startsWith("gateway"))));
}
