// Measures how long conversations could not be written when their host was killed or drained.
import type { LoadResult } from "../load/scenarios.ts";
import { cpuMicros } from "../measure.ts";
import { type Figures, quantile } from "./figures.ts";
import type { BenchHost, Hosts } from "./hosts.ts";
import type { BenchOptions } from "./options.ts";
import { type Owners, openOwners } from "./owners.ts";
import { allRoles, withRig } from "./rig.ts";

const hostCount = 3;
const lightPerSecond = 100;
const history = 5;
/** The number of conversations that are probed at once after their host was killed. */
const probes = 50;
const takeoverWidth = 64;
/** A pause for some 300 messages a second, so that the drain is measured and not the queues of a busy machine. */
const drainPauseMs = 200;
/** The first drains, not counted, because Cassandra still compiles its code for reads. */
const warmUpDrains = 4;
/** Load between two drains, so that the code of the host that has come back is compiled before the next one drains. */
const drainTalkMs = 5_000;
/** The pause between two kills or drains, so that the work that the last one caused has ended. */
const calmMs = 2_000;

export async function failover(options: BenchOptions): Promise<Figures[]> {
  const plan = {
    replicas: hostCount,
    hosts: allRoles(hostCount),
    env: { REQUIRE_FRIEND: "off" },
    load: { kind: "web", conversations: options.conversations, history },
  } as const;
  return withRig(options, plan, async ({ hosts, servers, load }) => {
    const owners = await openOwners(servers);
    try {
      await load.go({ kind: "pulse", perSecond: lightPerSecond });
      const waits: Required<LoadResult>["samples"] = { stayed: [], moved: [] };
      const notes: Record<string, number> = {};
      for (let kill = 0; kill < options.kills; kill += 1) {
        const { victim, shards } = await chooseVictim(hosts, owners);
        await victim.kill9();
        const order = { kind: "probe", shards, sinceMs: Date.now(), count: probes, width: probes } as const;
        const result = await load.go(order);
        for (const [name, values] of Object.entries(result.samples ?? {})) waits[name]?.push(...values);
        for (const [name, count] of Object.entries(result.notes ?? {})) notes[name] = (notes[name] ?? 0) + count;
        process.stderr.write(`kill ${kill + 1}: ${Math.round(result.seconds * 1_000)} ms\n`);
        await victim.start();
      }
      const { moved = [], stayed = [] } = waits;
      const killed: Figures = {
        scenario: "cluster-failover",
        title: `kill -9 of one of ${hostCount} hosts, ${options.kills} times: silence of its conversations`,
        unit: "conversation",
        target: "p50 ≤ 1 s, p99 ≤ 2 s",
        p50Ms: quantile([...stayed, ...moved], 0.5),
        p99Ms: quantile([...stayed, ...moved], 0.99),
        notes: {
          most: `${Math.round(quantile([...stayed, ...moved], 1))} ms`,
          "p99 where the sender's socket stayed": `${Math.round(quantile(stayed, 0.99))} ms`,
          ...notes,
        },
      };
      return [killed, await takeover(options, hosts, owners, (order) => load.go(order))];
    } finally {
      await owners.close();
    }
  });
}

/** Measures how long it takes until every conversation of a killed host has answered once at its new host. */
async function takeover(
  { conversations }: BenchOptions,
  hosts: Hosts,
  owners: Owners,
  go: (order: {
    kind: "probe";
    shards: number[];
    sinceMs: number;
    count: number;
    width: number;
  }) => Promise<LoadResult>,
): Promise<Figures> {
  const { victim, shards } = await chooseVictim(hosts, owners);
  const survivors = hosts.all.filter((host) => host !== victim);
  const spentBy = () => survivors.map(({ pid }) => cpuMicros(pid));
  const before = spentBy();
  await victim.kill9();
  const result = await go({ kind: "probe", shards, sinceMs: Date.now(), count: conversations, width: takeoverWidth });
  const spent = spentBy().map((micros, i) => micros - (before[i] ?? 0));
  const total = spent.reduce((sum, micros) => sum + micros, 0);
  return {
    scenario: "cluster-failover-takeover",
    title: `takeover of ${shards.length} shards, ${result.units} conversations answered once`,
    unit: "conversation",
    target: "",
    cpu: {
      ours: total / result.units,
      hosts: Object.fromEntries(survivors.map(({ name }, i) => [name, (spent[i] ?? 0) / result.units])),
      ...{ nats: 0, cassandra: 0, redis: 0 },
    },
    perSecond: result.units / result.seconds,
    notes: {
      "until all were answered": `${Math.round(result.seconds * 1_000)} ms`,
      "CPU ms": Math.round(total / 1_000),
    },
  };
}

export async function drain(options: BenchOptions): Promise<Figures[]> {
  const load = { kind: "talkers", pairs: 60, pauseMs: drainPauseMs } as const;
  return withRig(options, { replicas: hostCount, hosts: allRoles(hostCount), load }, async (rig) => {
    const { hosts } = rig;
    const owners = await openOwners(rig.servers);
    const [stayed, moved]: [number[], number[]] = [[], []];
    const notes: Record<string, number> = {};
    let sent = 0;
    let seconds = 0;
    try {
      for (let round = -warmUpDrains; round < options.drains; round += 1) {
        const { victim } = await chooseVictim(hosts, owners);
        await rig.load.go({ kind: "talk" });
        await calm(drainTalkMs);
        await victim.stop();
        await calm();
        const result = await rig.load.go({ kind: "report" });
        await victim.start();
        if (round < 0) continue;
        stayed.push(...(result.samples?.stayed ?? []));
        moved.push(...(result.samples?.moved ?? []));
        for (const [name, count] of Object.entries(result.notes ?? {})) notes[name] = (notes[name] ?? 0) + count;
        sent += result.units;
        seconds += result.seconds;
        const most = Math.round(quantile([...(result.samples?.stayed ?? []), ...(result.samples?.moved ?? [])], 1));
        process.stderr.write(`drain ${round + 1}: ${most} ms\n`);
      }
    } finally {
      await owners.close();
    }
    const all = [...stayed, ...moved];
    const figures: Figures = {
      scenario: "cluster-drain",
      title: `SIGTERM to one of ${hostCount} hosts, ${options.drains} times: longest wait of each conversation`,
      unit: "conversation",
      target: "p99 ≤ 200 ms, 0 errors",
      perSecond: sent / seconds,
      p50Ms: quantile(all, 0.5),
      p99Ms: quantile(all, 0.99),
      notes: {
        most: `${Math.round(quantile(all, 1))} ms`,
        "p99 where the sender's socket stayed": `${Math.round(quantile(stayed, 0.99))} ms`,
        sent,
        ...notes,
      },
    };
    return [figures];
  });
}

/** The host with the most shards, once every shard is owned by a running host. */
async function chooseVictim(hosts: Hosts, owners: Owners): Promise<{ victim: BenchHost; shards: number[] }> {
  await calm();
  const owned = await owners.settled(hosts.owners.map(({ name }) => name));
  const sizeOf = ({ name }: BenchHost) => owned.get(name)?.length ?? 0;
  const [victim] = hosts.owners.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  if (!victim) throw new Error("there is no host");
  return { victim, shards: owned.get(victim.name) ?? [] };
}

function calm(ms = calmMs): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
