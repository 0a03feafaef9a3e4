// Opens what runs processes on this host: the runner of its actors' processes, and Temporal, when it is configured.
import type { Activities } from "../../actors/process/activity.ts";
import { maxKnown } from "../../actors/process/limits.ts";
import { createRunner } from "../../actors/process/runner.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Log } from "../../gateway/ports.ts";
import { processKinds } from "../../workflows/process/kinds.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { temporalOptions } from "./temporal.ts";
import type { World } from "./world.ts";

/** Share of the shutdown time in which running steps may end. */
const graceShare = 0.1;

/** Between the actors, which exist first, and the runner: keeps what was announced until a runner listens. */
export interface Announcer {
  poke(key: string): void;
  listen(handler: (key: string) => void): void;
}

export function createAnnouncer(): Announcer {
  const kept = new Set<string>();
  let handler: (key: string) => void = (key) => {
    if (kept.size < maxKnown) kept.add(key);
  };
  return {
    poke: (key) => handler(key),
    listen(next) {
      handler = next;
      for (const key of kept) next(key);
      kept.clear();
    },
  };
}

export async function openProcesses(
  config: Config,
  parts: {
    actors: Actors;
    world: Pick<World, "place" | "storeId" | "onClosed">;
    announcer: Announcer;
    steps: Activities;
    reportError(message: string, cause: unknown): void;
    log: Log;
    lifecycle: Lifecycle;
  },
): Promise<void> {
  const { actors, world, announcer, steps, reportError, log, lifecycle } = parts;
  const engine = await openEngine(config, { world, log, lifecycle });
  const runner = createRunner({
    ...{ boot: world.place.boot, actors, clock: systemClock, kinds: processKinds, activities: steps, engine },
    reportError,
  });
  world.onClosed(() => runner.stop());
  await lifecycle.start({
    name: "processes",
    start: () => announcer.listen((key) => runner.poke(key)),
    drain: () => runner.drain(config.shutdownTimeoutMs * graceShare),
    stop: () => runner.stop(),
  });
}

async function openEngine(
  { temporal }: Config,
  { world, log, lifecycle }: { world: Pick<World, "storeId">; log: Log; lifecycle: Lifecycle },
) {
  if (!temporal) return undefined;
  const { openTemporalProcesses } = await import("../temporal/processes.ts");
  const opened = openTemporalProcesses({ ...temporalOptions(temporal, world), log });
  await lifecycle.start({ name: "processes on Temporal", stop: () => opened.close() });
  return opened;
}
