// Starts and ends the servers, the hosts and the load of one scenario.

import type { LoadPlan } from "../load/plans.ts";
import { type Load, startLoad } from "../load-process.ts";
import { type HostPlan, type Hosts, startHosts } from "./hosts.ts";
import { untilProjected } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { type Servers, startServers } from "./servers.ts";

export interface Rig {
  readonly servers: Servers;
  readonly hosts: Hosts;
  readonly load: Load;
}
export interface RigPlan {
  readonly replicas: 1 | 3;
  readonly hosts: readonly HostPlan[];
  readonly env?: Readonly<Record<string, string>>;
  readonly load: LoadPlan;
}

/**
 * A long lease for scenarios without failover, so that no host loses its lease on an overloaded machine. Each host renews 0.7
 * times a second in place of 5 times.
 */
export const patientLease = { LEASE_MS: "5000" } as const;

/** `work` begins when the load is ready, the servers are warm, and the views hold every commit. */
export async function withRig<Result>(
  { syncAlways, profiles }: BenchOptions,
  plan: RigPlan,
  work: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const servers = await startServers({ replicas: plan.replicas, syncAlways });
    closing.push(() => servers.close());
    const hosts = await startHosts(plan.hosts, { ...servers.env, ...plan.env }, profiles);
    closing.push(() => hosts.close());
    try {
      const load = await startLoad(plan.load, hosts.gatewayPorts);
      closing.push(() => load.close());
      await untilProjected(hosts);
      return await work({ servers, hosts, load });
    } catch (error) {
      console.error(hosts.lastWords());
      throw error;
    }
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

export function allRoles(count: number): HostPlan[] {
  return Array.from({ length: count }, (_, i) => ({ name: `host-${i + 1}`, roles: ["gateway", "actors"] }));
}

export const actorsApart: readonly HostPlan[] = [
  { name: "actors-1", roles: ["actors"] },
  ...[1, 2, 3].map((n): HostPlan => ({ name: `gateway-${n}`, roles: ["gateway"] })),
];
