// Measures from which group size on one subject per conversation is cheaper than one per member, to choose PER_USER_FANOUT_MAX.
import { perUserFanoutMaxMax } from "../../../actors/conversation/model/rules.ts";
import { type Figures, perUnit } from "./figures.ts";
import { startMeter, untilProjected } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { actorsApart, patientLease, type Rig, withRig } from "./rig.ts";

const sizes = [8, 16, 32, 64, 128, 256];
const people = 256;
const window = 32;
/** The warm-up before each size, as a share of the whole warm-up. */
const sizeWarmUpShare = 0.25;
const connectRounds = { warmUp: 1, measured: 4 };

type Way = "per-user" | "conversation";
const ways: Record<Way, number> = { "per-user": perUserFanoutMaxMax, conversation: 2 };

/**
 * Measures the CPU time of gateways, actors and NATS per delivery for each size of group. The same 256 users are always online.
 * A subject per conversation costs CPU time at connect, because the gateway subscribes and asks the conversation.
 */
export async function fanoutThreshold(options: BenchOptions): Promise<Figures[]> {
  const costs = new Map<Way, Map<number, number>>();
  const all: Figures[] = [];
  for (const way of Object.keys(ways) as Way[]) {
    const measured = await measureWay(options, way);
    all.push(...measured.values());
    costs.set(way, new Map([...measured].map(([size, { cpu }]) => [size, (cpu?.ours ?? 0) + (cpu?.nats ?? 0)])));
  }
  printComparison((way, size) => costs.get(way)?.get(size) ?? 0);
  return all;
}

/** `cost` of size 0 is the cost of a connect. */
function printComparison(cost: (way: Way, size: number) => number): void {
  const attach = Math.max(0, cost("conversation", 0) - cost("per-user", 0)) / sizes.length;
  const rows = sizes.map((size) => {
    const [perUser, conversation] = [cost("per-user", size), cost("conversation", size)];
    // A member's connect costs more with a subject per conversation, each delivery less.
    const even = conversation < perUser ? Math.ceil(attach / (perUser - conversation)) : "never";
    const row = { "per-user µs": round(perUser), "conversation µs": round(conversation) };
    return [`groups of ${size}`, { ...row, "cheaper from so many deliveries per connect": even }];
  });
  console.table(Object.fromEntries(rows));
  console.log(`A conversation with a subject of its own costs ${round(attach)} µs more at each connect of a member.`);
  const from = sizes.find((size) => cost("conversation", size) < cost("per-user", size));
  console.log(
    from === undefined
      ? "A delivery by a subject per conversation is never cheaper here."
      : `A delivery by a subject per conversation is cheaper from groups of ${from} on.`,
  );
}

/** Figures by size. Size 0 stands for a connect. */
async function measureWay(options: BenchOptions, way: Way): Promise<Map<number, Figures>> {
  const { seconds, warmUpSeconds } = options;
  const plan = {
    replicas: 1,
    hosts: actorsApart,
    env: { ...patientLease, PER_USER_FANOUT_MAX: String(ways[way]) },
    load: { kind: "groups", people, sizes, window, seconds, warmUpSeconds },
  } as const;
  return withRig(options, plan, async ({ hosts, servers, load }) => {
    const measured = new Map<number, Figures>();
    for (const size of sizes) {
      await load.go({ kind: "size", members: size, seconds: warmUpSeconds * sizeWarmUpShare });
      await untilProjected(hosts);
      const meter = startMeter(hosts, servers);
      const { units, seconds: lasted, p50Ms, p99Ms } = await load.go({ kind: "size", members: size, seconds });
      await untilProjected(hosts);
      const cpu = perUnit(meter.spent(), units);
      const title = `${Math.floor(people / size)} × group of ${size}, ${way}`;
      const common = { scenario: "cluster-fanout-threshold", title, unit: "delivery", target: "" };
      measured.set(size, { ...common, cpu, perSecond: units / lasted, p50Ms, p99Ms });
    }
    const title = `connect with ${sizes.length} groups, ${way}`;
    measured.set(0, { ...(await measureConnects({ hosts, servers, load })), title });
    return measured;
  });
}

async function measureConnects({ hosts, servers, load }: Rig): Promise<Figures> {
  await load.go({ kind: "reconnect", rounds: connectRounds.warmUp });
  const meter = startMeter(hosts, servers);
  const { units, seconds } = await load.go({ kind: "reconnect", rounds: connectRounds.measured });
  await untilProjected(hosts);
  const cpu = perUnit(meter.spent(), units);
  const common = { scenario: "cluster-fanout-threshold", title: "", unit: "connect", target: "" };
  return { ...common, cpu, perSecond: units / seconds };
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
