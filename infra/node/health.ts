// Answers `GET /ready`: the state of each part by name, and the durability that holds (G1). Anybody may call /ready at any
// rate, so requests that arrive while the probes run share one answer.
import type { Host } from "../../actors/runtime/host/host.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import type { Health } from "../../gateway/ports.ts";
import type { Metrics } from "../observe/metrics.ts";
import { processTimer } from "../system/clock.ts";

interface HealthDeps {
  /** Absent on a host without actors. */
  host?: Host;
  /** Other hosts own shards. Then this host may own none for a while and is ready all the same, because it serves sockets. */
  hasOtherHosts(): boolean;
  metrics: Metrics;
  /** A text that says which failures an acknowledged change survives. */
  durability: string;
  /** Each rejects when its part does not work; then the host is not ready. */
  probes: Readonly<Record<string, () => Promise<string>>>;
  /** Shown in the answer without making the host unready, because the host works without these parts. */
  sideProbes: Readonly<Record<string, () => Promise<string>>>;
  isDraining(): boolean;
}

const probeTimeoutMs = 2_000;

type State = Awaited<ReturnType<Health["ready"]>>;

export function createHealth(deps: HealthDeps): Health {
  let running: Promise<State> | undefined;
  return {
    ready() {
      running ??= probeParts(deps).finally(() => {
        running = undefined;
      });
      return running;
    },
    metrics: () => deps.metrics.render(),
  };
}

async function probeParts(deps: HealthDeps): Promise<State> {
  const parts: Record<string, { ok: boolean; detail: string }> = {};
  if (deps.host) parts.actors = actorsPart(deps.host, deps.hasOtherHosts());
  const probes = Object.entries({ ...deps.probes, ...deps.sideProbes }).map(async ([name, probe]) => {
    parts[name] = await runProbe(probe);
  });
  await Promise.all(probes);
  const draining = deps.isDraining();
  const ready = !draining && Object.entries(parts).every(([name, { ok }]) => ok || name in deps.sideProbes);
  return { ready, draining, parts, durability: deps.durability };
}

function actorsPart(host: Host, hasOtherHosts: boolean): { ok: boolean; detail: string } {
  const { owned, taking, quarantined, lagBytes } = host.status();
  const detail = [`${owned} shards owned`, `${lagBytes} bytes ahead of the views`];
  if (taking > 0) detail.push(`${taking} being taken`);
  for (const { shard, reason } of quarantined) detail.push(`shard ${shard} quarantined: ${reason}`);
  const works = owned > 0 || hasOtherHosts;
  return { ok: works && quarantined.length === 0, detail: detail.join(", ") };
}

async function runProbe(probe: () => Promise<string>): Promise<{ ok: boolean; detail: string }> {
  const createError = () => new Error(`no answer within ${probeTimeoutMs} ms`);
  try {
    return { ok: true, detail: await withTimeout(processTimer, probeTimeoutMs, probe(), createError) };
  } catch (cause) {
    return { ok: false, detail: cause instanceof Error ? cause.message : String(cause) };
  }
}
