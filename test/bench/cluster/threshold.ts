// From which size on one subject for a conversation is cheaper than one per member: what PER_USER_FANOUT_MAX should be.
import { perUserFanoutMaxMax } from "../../../actors/conversation/rules.ts";
import { type Figures, perUnit } from "./figures.ts";
import { startMeter, untilProjected } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { actorsApart, withRig } from "./rig.ts";

const sizes = [8, 16, 32, 64, 128, 256];
const people = 256;
const window = 32;
/** Of each size, before it counts; the first one is warm already. */
const sizeWarmUpSeconds = 1;

type Way = "per-user" | "conversation";
const ways: Record<Way, number> = { "per-user": perUserFanoutMaxMax, conversation: 2 };

/** Always 256 people online, in as many groups as they make; CPU of gateways, actors and NATS per delivery. */
export async function fanoutThreshold(options: BenchOptions): Promise<Figures[]> {
  const costs = new Map<Way, Map<number, number>>();
  const all: Figures[] = [];
  for (const way of Object.keys(ways) as Way[]) {
    const measured = await measureWay(options, way);
    all.push(...measured.values());
    costs.set(way, new Map([...measured].map(([size, { cpu }]) => [size, (cpu?.ours ?? 0) + (cpu?.nats ?? 0)])));
  }
  const cost = (way: Way, size: number) => costs.get(way)?.get(size) ?? 0;
  console.table(
    Object.fromEntries(
      sizes.map((size) => {
        const [perUser, conversation] = [cost("per-user", size), cost("conversation", size)];
        const row = { "per-user µs": round(perUser), "conversation µs": round(conversation) };
        return [`groups of ${size}`, { ...row, cheaper: perUser <= conversation ? "per-user" : "conversation" }];
      }),
    ),
  );
  const from = sizes.find((size) => cost("conversation", size) < cost("per-user", size));
  console.log(
    from === undefined
      ? "One subject per conversation is never cheaper here."
      : `One subject per conversation is cheaper from groups of ${from} on.`,
  );
  return all;
}

async function measureWay(options: BenchOptions, way: Way): Promise<Map<number, Figures>> {
  const { seconds, warmUpSeconds } = options;
  const plan = {
    replicas: 1,
    hosts: actorsApart,
    env: { PER_USER_FANOUT_MAX: String(ways[way]) },
    load: { kind: "groups", people, sizes, window, seconds, warmUpSeconds },
  } as const;
  return withRig(options, plan, async ({ hosts, servers, load }) => {
    const measured = new Map<number, Figures>();
    for (const size of sizes) {
      await load.go({ kind: "size", members: size, seconds: sizeWarmUpSeconds });
      await untilProjected(hosts);
      const meter = startMeter(hosts, servers);
      const { units, seconds: lasted, p50Ms, p99Ms } = await load.go({ kind: "size", members: size, seconds });
      await untilProjected(hosts);
      const cpu = perUnit(meter.spent(), units);
      const title = `${Math.floor(people / size)} groups of ${size}, ${way}`;
      const common = { scenario: "cluster-fanout-threshold", title, unit: "delivery", target: "" };
      measured.set(size, { ...common, cpu, perSecond: units / lasted, p50Ms, p99Ms });
    }
    return measured;
  });
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
