// What `GET /ready` says: each part by name, and what durability holds (G1).
// R1: anybody may ask, as often as he likes: whoever asks while the parts are being asked gets the same answer.

import type { Host } from "../../actors/runtime/host/host.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import type { Health } from "../../gateway/ports.ts";
import type { Metrics } from "../observe/metrics.ts";
import { processTimer } from "../system/clock.ts";

interface HealthDeps {
  /** Absent on a host without actors. */
  host?: Host;
  /** Others own shards, so this one may have none for a while: it serves sockets all the same. */
  hasCompany(): boolean;
  metrics: Metrics;
  /** In words: what an acknowledged change survives. */
  durability: string;
  /** Rejects when the part cannot answer. */
  probes: Readonly<Record<string, () => Promise<string>>>;
  /** Said, and not counted: what does not need this part works without it. */
  sideProbes: Readonly<Record<string, () => Promise<string>>>;
  isDraining(): boolean;
}

const probeTimeoutMs = 2_000;

type State = Awaited<ReturnType<Health["ready"]>>;

export function createHealth(deps: HealthDeps): Health {
  let underWay: Promise<State> | undefined; // R1
  return {
    ready() {
      underWay ??= askParts(deps).finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    metrics: () => deps.metrics.render(),
  };
}

async function askParts(deps: HealthDeps): Promise<State> {
  const parts: Record<string, { ok: boolean; detail: string }> = {};
  if (deps.host) parts.actors = actorsPart(deps.host, deps.hasCompany());
  const probes = Object.entries({ ...deps.probes, ...deps.sideProbes }).map(async ([name, probe]) => {
    parts[name] = await runProbe(probe);
  });
  await Promise.all(probes);
  const draining = deps.isDraining();
  const ready = !draining && Object.entries(parts).every(([name, { ok }]) => ok || name in deps.sideProbes);
  return { ready, draining, parts, durability: deps.durability };
}

function actorsPart(host: Host, hasCompany: boolean): { ok: boolean; detail: string } {
  const { owned, taking, quarantined, lagBytes } = host.status();
  const detail = [`${owned} shards owned`, `${lagBytes} bytes ahead of the views`];
  if (taking > 0) detail.push(`${taking} being taken`);
  for (const { shard, reason } of quarantined) detail.push(`shard ${shard} quarantined: ${reason}`);
  const works = owned > 0 || hasCompany;
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
