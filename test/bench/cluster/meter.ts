// Measures the CPU time of all processes of a cluster, and waits until the views hold everything.
import { cpuMicros } from "../measure.ts";
import type { Hosts } from "./hosts.ts";
import type { Servers } from "./servers.ts";

/** CPU µs by process: hosts by name, `nats` (all servers), `cassandra`, `redis`. */
export interface Spent {
  readonly hosts: Readonly<Record<string, number>>;
  readonly nats: number;
  readonly cassandra: number;
  readonly redis: number;
}
interface Meter {
  /** The CPU time since the meter was read. */
  spent(): Spent;
}

const quietTimeoutMs = 120_000;
/** The pause between two reads of /metrics, because an answer costs a host with many sockets some ms. */
const lookMs = 250;

export function startMeter(hosts: Hosts, servers: Servers): Meter {
  const before = read(hosts, servers);
  return {
    spent() {
      const after = read(hosts, servers);
      const names = Object.keys(after.hosts);
      return {
        hosts: Object.fromEntries(names.map((name) => [name, (after.hosts[name] ?? 0) - (before.hosts[name] ?? 0)])),
        nats: after.nats - before.nats,
        cassandra: after.cassandra - before.cassandra,
        redis: after.redis - before.redis,
      };
    },
  };
}

export function sumOf(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0);
}

function read({ all }: Hosts, { nats, cassandra, redis }: Servers): Spent {
  return {
    hosts: Object.fromEntries(all.map(({ name, pid }) => [name, cpuMicros(pid)])),
    nats: nats.servers.reduce((sum, { pid }) => sum + cpuMicros(pid), 0),
    cassandra: cpuMicros(cassandra.pid),
    redis: cpuMicros(redis.pid),
  };
}

/** The committed bytes of all hosts that are not yet in the views. */
export async function lagBytes({ owners }: Hosts): Promise<number> {
  const lags = await Promise.all(owners.map((host) => host.metric("parley_projector_lag_bytes")));
  return lags.reduce((sum, lag) => sum + lag, 0);
}

/** Resolves when the views hold every commit. */
export async function untilProjected(hosts: Hosts): Promise<void> {
  const endMs = performance.now() + quietTimeoutMs;
  while ((await lagBytes(hosts)) > 0) {
    if (performance.now() > endMs) throw new Error("the projector did not come to its end");
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
