// The role `actors`: starts the runtime with all behaviours, and the trimmer of the journal.
import { join } from "node:path";
import { createHost, type Host } from "../../actors/runtime/host/host.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import type { Log } from "../../gateway/ports.ts";
import type { Config } from "../config/config.ts";
import { openMarkHistory } from "../retention/mark-history.ts";
import { startTrimmer } from "../retention/trimmer.ts";
import { systemClock } from "../system/clock.ts";
import { systemRandom } from "../system/random.ts";
import { createBehaviours, type HostHooks } from "./behaviours.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Announcer } from "./processes.ts";
import type { World } from "./world.ts";

export async function startActorHost(
  config: Config,
  world: World,
  parts: Pick<HostHooks, "askRefresh"> & {
    announcer: Announcer;
    reportError(message: string, cause: unknown): void;
    log: Log;
    lifecycle: Lifecycle;
  },
): Promise<Host> {
  const { announcer, askRefresh, reportError, log, lifecycle } = parts;
  const { journal, views, heads, sink, transport, lease } = world;
  const host = createHost({
    ports: { journal, views: views.views, heads, sink, clock: systemClock },
    transport,
    random: systemRandom,
    lease,
    behaviours: createBehaviours(config, views.sends, reportError, {
      isClosed: (boot) => lease.mayFence(boot),
      pokeProcess: (key) => announcer.poke(key),
      askRefresh,
    }),
    limits: { ...defaultRuntimeLimits, ...world.runtimeLimits },
    reportError,
  });
  world.onClosed(() => host.stop());
  await lifecycle.start({
    name: "actors",
    start: () => host.start(),
    drain: () => host.drain(config.shutdownTimeoutMs / 2),
    stop: () => host.stop(),
  });
  const trimmer = startTrimmer({
    journal,
    marks: () => views.durableMarks(),
    history: openMarkHistory(join(config.dataDir, config.cluster ? `marks-${config.hostName}.json` : "marks.json")),
    isTrimmer: () => world.isTrimmer(),
    clock: systemClock,
    log,
    keptMs: config.journalRetentionMs,
  });
  await lifecycle.start({ name: "trimmer", stop: () => trimmer.stop() });
  return host;
}
