// Three hosts and the servers they share. A host that dies, drains or is closed comes back under a new boot.

import { defaultReadingLimits } from "../../actors/reading/limits.ts";
import { createReading } from "../../actors/reading/reading.ts";
import { createHost } from "../../actors/runtime/host/host.ts";
import { createControlLease } from "../../actors/runtime/lease/control-lease.ts";
import type { HostLease } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits, type RuntimeLimits } from "../../actors/runtime/limits.ts";
import { createStats, type RuntimeStats } from "../../actors/runtime/stats.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { createBehaviours } from "./behaviours.ts";
import type { BootedHost } from "./booted-host.ts";
import { SimulatedBus } from "./bus.ts";
import { hostNames, shards } from "./cast.ts";
import { SimulatedControl } from "./control.ts";
import { SimulatedGateway } from "./gateway.ts";
import { SimulatedHeads } from "./heads.ts";
import { SimulatedJournal } from "./journal.ts";
import { Machine, type WallClock } from "./machine.ts";
import { Network } from "./network.ts";
import type { Prng } from "./prng.ts";
import { SimulatedTransport } from "./transport.ts";
import { SimulatedViews } from "./views.ts";
import { rulesWithout, type Weakness } from "./weaknesses.ts";
import type { World } from "./world.ts";

/** Shorter than in production, so that a run of seconds reaches every limit. */
const limits: RuntimeLimits = {
  ...defaultRuntimeLimits,
  snapshotEveryRecords: 2,
  reappendAfterMs: 1_200,
  passivateAfterMs: 1_500,
  retryMaxMs: 400,
};
const storeId = "simulated";
const restartMs = 50;

/** One boot of one host, its gateway included. */
export interface SimulatedHost extends BootedHost {
  readonly gateway: SimulatedGateway;
}

export class Cluster {
  readonly world: World;
  readonly network: Network;
  readonly journal: SimulatedJournal;
  readonly control: SimulatedControl;
  readonly views: SimulatedViews;
  readonly heads: SimulatedHeads;
  readonly walls = new Map<string, WallClock>();
  readonly #stats: RuntimeStats[] = [];
  readonly #transport: SimulatedTransport;
  readonly #bus: SimulatedBus;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #boots: Prng;
  readonly #weakness: Weakness | undefined;
  readonly #perUserFanoutMax: number;
  #isOver = false;

  constructor(
    world: World,
    options: {
      weakness?: Weakness;
      perUserFanoutMax: number;
      deliver(host: string, notification: FramedNotification): void;
    },
  ) {
    this.world = world;
    this.#weakness = options.weakness;
    this.#perUserFanoutMax = options.perUserFanoutMax;
    this.#boots = world.random.fork();
    this.network = new Network(world);
    this.journal = new SimulatedJournal(world, this.network, { isFenced: options.weakness !== "no_fence" });
    this.control = new SimulatedControl(world, this.network);
    this.views = new SimulatedViews(world, this.network);
    this.heads = new SimulatedHeads(this.network);
    this.#transport = new SimulatedTransport(this.network);
    this.#bus = new SimulatedBus(this.network, hostNames, options.deliver);
    for (const name of hostNames) this.walls.set(name, { offsetMs: 0 });
    for (const name of hostNames) this.boot(name);
  }

  /** The live boot of this host name, if any. */
  find(name: string): SimulatedHost | undefined {
    const host = this.#hosts.get(name);
    return host?.machine.isDead ? undefined : host;
  }

  boot(name: string): void {
    if (this.#isOver || this.find(name)) return;
    const machine = new Machine(this.world, name, this.#boots.hex(32), this.walls.get(name)!);
    this.world.trace(name, () => `boots as ${machine.boot}`);
    const { clock, boot } = machine;
    const control = createControlLease({ control: this.control.port(machine), clock, place: { host: name, boot } });
    const lease: HostLease = this.#weakness === "no_lease" ? alwaysHeld(control) : control;
    const { views, sends, ...readers } = this.views.port(machine);
    const heads = this.heads.port(machine);
    const host = createHost({
      ports: { journal: this.journal.port(machine), views, heads, sink: this.#bus.port(machine), clock },
      transport: this.#transport.port(machine),
      random: this.#boots.fork(),
      lease,
      behaviours: createBehaviours(sends, this.#weakness, this.#perUserFanoutMax, (boot) => lease.mayFence(boot)),
      limits,
      shards,
      rules: rulesWithout(this.#weakness),
      reportError: (message, cause) => {
        this.world.trace(name, () => `error: ${message}${cause ? `: ${String(cause)}` : ""}`);
      },
    });
    this.#stats.push(host.stats);
    const { actors } = host;
    const readingLimits = { ...defaultReadingLimits, maxFirstMessages: 1_000 };
    const reading = createReading({ actors, ...readers, heads, clock, storeId, limits: readingLimits });
    const parts = { machine, lease, control, host, actors, reading };
    const forgetsMembership = this.#weakness === "no_membership";
    const gateway = new SimulatedGateway(parts, { network: this.network, storeId, forgetsMembership });
    this.#hosts.set(name, { ...parts, gateway });
    control.onClosed(() => {
      this.world.trace(name, () => "was closed by another host");
      this.crash(name, restartMs);
    });
    void control.start().then(() => host.start());
  }

  /** The sums over all boots. */
  stats(): RuntimeStats {
    const total = createStats();
    for (const stats of this.#stats) {
      for (const name of Object.keys(total) as (keyof RuntimeStats)[]) total[name] += stats[name];
    }
    return total;
  }

  /** Kills the host as kill -9 does; it boots again after `downMs`. */
  crash(name: string, downMs: number): void {
    this.world.trace(name, () => `dies for ${Math.round(downMs)} ms`);
    this.find(name)?.machine.kill();
    this.world.after(downMs, () => this.boot(name));
  }

  /** Restarts the host as an operator does: it drains first. */
  async restart(name: string): Promise<void> {
    const host = this.find(name);
    if (!host) return;
    this.world.trace(name, () => "drains");
    await host.host.drain(2_000);
    await host.control.close().catch(() => {});
    host.machine.kill();
    this.world.after(restartMs, () => this.boot(name));
  }

  end(): void {
    this.#isOver = true;
    for (const name of hostNames) this.find(name)?.machine.kill();
  }
}

function alwaysHeld(lease: HostLease): HostLease {
  return {
    place: lease.place,
    isHeld: () => true,
    openHosts: () => [...new Set([...lease.openHosts(), lease.place.host])],
    mayFence: (boot) => lease.mayFence(boot),
    isOpen: (host) => lease.isOpen(host),
    isPresent: (boot) => lease.isPresent(boot),
    leavingHosts: () => lease.leavingHosts(),
    isStaying: (boot) => lease.isStaying(boot),
    onChange: (handler) => lease.onChange(handler),
  };
}
