// `npm run faults -- [--minutes 10] [--seed 1] [--hosts 3] [--nats 3] [--own-cassandra] [--small-disks] [--only "kill,cut
// nats"]`
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { HostPlan } from "../support/cluster.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { ClusterRun } from "./cluster-run.ts";
import { cassandraCrash, drawFault, type Fault, faultNamed } from "./faults.ts";
import { pause } from "./judge.ts";
import { mountSmallDisks } from "./small-disks.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
    hosts: { type: "string", default: "3" },
    nats: { type: "string", default: "3" },
    "own-cassandra": { type: "boolean", default: false },
    "small-disks": { type: "boolean", default: false },
    only: { type: "string" },
    logs: { type: "string" },
    "pause-ms": { type: "string", default: "12" },
  },
});
const seed = Number(values.seed);
const seeded = createSeededRandom(seed);
const chance = { random: () => seeded.below(1e9) / 1e9 };
const logDir = values.logs ?? join(tmpdir(), `parley-faults-${seed}-${process.pid}`);
mkdirSync(logDir, { recursive: true });

/** Size of a small disk; it has room for the journal of an hour. */
const diskMib = 1_024;
const periodMs = 150_000;
const calmMs = { least: 500, most: 4_000 };
const overlapShare = 0.15;
const crashShare = 0.01;
const shapes: readonly HostPlan["roles"][] = [["gateway", "actors"], ["actors"], ["gateway"], ["gateway", "actors"]];

const hosts = Array.from({ length: Number(values.hosts) }, (_, i): HostPlan => {
  const roles = shapes[i % shapes.length] ?? ["gateway", "actors"];
  return { name: `${roles.length > 1 ? "both" : roles[0]}-${i + 1}`, roles };
});
const beganMs = performance.now();
const elapsed = () => `${((performance.now() - beganMs) / 60_000).toFixed(2).padStart(6)} min`;
const say = (line: string) => console.log(`${elapsed()}  ${new Date().toISOString().slice(11, 23)}  ${line}`);

say(`seed ${seed}, logs in ${logDir}`);
const nats = values.nats === "1" ? 1 : 3;
const disks = values["small-disks"] ? mountSmallDisks(nats, diskMib) : undefined;
const run = await ClusterRun.start({
  hosts,
  nats,
  natsDir: disks?.dir,
  cassandra: values["own-cassandra"] ? "own" : "shared",
  logDir,
  random: chance.random,
  pauseMs: Number(values["pause-ms"]),
  say,
});
const endMs = performance.now() + Number(values.minutes) * 60_000;
let isInterrupted = false;
process.on("SIGINT", () => {
  isInterrupted = true;
});
const isOver = () => isInterrupted || performance.now() > endMs;
try {
  while (!isOver()) {
    run.startSending();
    const periodEndMs = Math.min(endMs, performance.now() + periodMs);
    while (performance.now() < periodEndMs && !isInterrupted) {
      await pause(calmMs.least + chance.random() * (calmMs.most - calmMs.least));
      const fault = await draw();
      // Sometimes a second fault begins during the first one. The pair counts as an outage, which has the longest time limit.
      const second = chance.random() < overlapShare && fault.class !== "drain" ? await draw() : undefined;
      await run.suffer(second ? both(fault, second) : fault).catch((error: unknown) => run.broken(error));
    }
    await run.judge();
  }
  await run.checkWholeHistories();
} finally {
  summarize();
  await run.close();
  disks?.unmount();
}
process.exit(run.violations.length > 0 ? 1 : 0);

function draw(): Promise<Fault> {
  if (values.only) return faultNamed(seeded.pick(values.only.split(",")).trim(), run.cluster, chance);
  if (run.cluster.cassandra && chance.random() < crashShare)
    return Promise.resolve(cassandraCrash(run.cluster, chance));
  return drawFault(run.cluster, chance);
}

/**
 * The first fault ends after its time in any case, because the second may wait for a host that the first keeps from being
 * ready.
 */
function both(first: Fault, second: Fault): Fault {
  const holdMs = Math.max(first.holdMs, second.holdMs);
  let healing: Promise<void> | undefined;
  const healFirst = () => {
    healing ??= Promise.resolve(first.heal());
    return healing;
  };
  return {
    kind: `${first.kind} + ${second.kind}`,
    target: `${first.target} + ${second.target}`,
    class: "outage",
    mayClose: [],
    holdMs,
    async strike() {
      await first.strike();
      await pause(chance.random() * 500);
      const timer = setTimeout(() => void healFirst(), holdMs);
      await second.strike();
      clearTimeout(timer);
    },
    async heal() {
      await Promise.all([healFirst(), second.heal()]);
    },
  };
}

function summarize(): void {
  const faults = [...run.counts].sort(([, a], [, b]) => b - a);
  console.log(`\n${faults.reduce((sum, [, count]) => sum + count, 0)} faults in ${elapsed().trim()}, seed ${seed}:`);
  for (const [kind, count] of faults) console.log(`  ${String(count).padStart(4)}  ${kind}`);
  console.log(
    `${run.sent} sent, ${run.acked} acknowledged, ${run.removals} removals, resumed hosts were asked ${run.staleReads.asked} times and answered ${run.staleReads.answered}`,
  );
  for (const [name, waits] of run.outages) {
    const sorted = waits.toSorted((a, b) => a - b);
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
    console.log(
      `writable after "${name}": p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms, ${waits.length} conversations`,
    );
  }
  const codes = new Map<string, number>();
  for (const device of run.load.devices) {
    for (const [what, count] of device.codes) codes.set(what, (codes.get(what) ?? 0) + count);
  }
  console.log(`refused, and tried again: ${[...codes].map(([what, count]) => `${what} × ${count}`).join(", ")}`);
  console.log(`${run.excused} sockets closed because a process got no CPU`);
  console.log(`${run.violations.length} violations`);
  for (const violation of run.violations.slice(0, 50)) console.log(`  ${violation.slice(0, 500)}`);
  console.log(`logs: ${logDir}`);
}
