// A host whose runner does the steps itself, on a journal that outlives the host. `kill` drops host and runner at once: what was
// not committed is gone, and what the runner had begun finds nobody to answer.

import type { ProcessEngine } from "../../../actors/process/engine.ts";
import { createProcess } from "../../../actors/process/process.ts";
import { createRunner, type Runner } from "../../../actors/process/runner.ts";
import type { Actors } from "../../../actors/runtime/actors.ts";
import { createHost, type Host } from "../../../actors/runtime/host/host.ts";
import { soleLease } from "../../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits } from "../../../actors/runtime/limits.ts";
import { createMemoryHeads } from "../../../infra/memory/heads.ts";
import { createMemoryTransport } from "../../../infra/memory/transport.ts";
import { systemClock } from "../../../infra/system/clock.ts";
import { systemRandom } from "../../../infra/system/random.ts";
import { createMemoryJournal } from "../memory-journal.ts";
import { createMemoryViews } from "../memory-views.ts";
import { createMealActivities, forever, meal, TestKitchen } from "./kitchen.ts";

export interface HostDriver {
  readonly actors: Actors;
  readonly kitchen: TestKitchen;
  readonly errorReports: string[];
  kill(): Promise<void>;
  revive(): Promise<void>;
  close(): Promise<void>;
}

export async function startHostDriver(engine?: ProcessEngine): Promise<HostDriver> {
  const journal = createMemoryJournal();
  const { views } = createMemoryViews();
  const kitchen = new TestKitchen();
  const errorReports: string[] = [];
  let host: Host;
  let runner: Runner;

  const boot = async () => {
    const place = { host: "h", boot: systemRandom.hex(64) };
    const lease = soleLease(place);
    const reportError = (message: string, cause: unknown) => void errorReports.push(`${message}: ${cause}`);
    let isDead = false;
    host = createHost({
      ports: {
        ...{ journal, views, heads: createMemoryHeads(), clock: systemClock },
        sink: { publish() {}, flush: async () => {} },
      },
      ...{ transport: createMemoryTransport(), random: systemRandom, lease, limits: defaultRuntimeLimits, reportError },
      behaviours: [
        createProcess({
          kinds: { upload: meal },
          poke: (key) => runner.poke(key),
          isClosed: (other) => lease.mayFence(other),
        }),
      ],
    });
    const { actors } = host;
    // Of a dead host nobody hears any more.
    const own = { cook: (order: Parameters<TestKitchen["cook"]>[0]) => (isDead ? forever : kitchen.cook(order)) };
    const started = createRunner({
      ...{ boot: place.boot, actors, clock: systemClock, kinds: { upload: meal }, engine, reportError },
      activities: createMealActivities(own),
    });
    runner = {
      ...{ poke: (key) => started.poke(key), drain: (graceMs) => started.drain(graceMs) },
      stop() {
        isDead = true;
        started.stop();
      },
    };
    await host.start();
  };
  await boot();
  const kill = async () => {
    runner.stop();
    host.stop();
  };
  return {
    kitchen,
    errorReports,
    get actors() {
      return host.actors;
    },
    kill,
    revive: boot,
    close: kill,
  };
}
