// One host on simulated ports, with the actors of a test. The host can be killed and come back under a new boot.
import type { AnyBehaviour } from "../../actors/runtime/contract.ts";
import { createHost, type Host } from "../../actors/runtime/host/host.ts";
import { soleLease } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits, type RuntimeLimits } from "../../actors/runtime/limits.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { SimulatedBus } from "./bus.ts";
import { SimulatedHeads } from "./heads.ts";
import { SimulatedJournal } from "./journal.ts";
import { Machine } from "./machine.ts";
import { Network } from "./network.ts";
import { SimulatedTransport } from "./transport.ts";
import { SimulatedViews } from "./views.ts";
import { startMs, World } from "./world.ts";

const name = "h1";
/** The longest virtual time of a test; a test that takes longer fails. */
const patienceMs = 300_000;

export class LoneHost {
  readonly world = new World(1);
  readonly network = new Network(this.world);
  readonly journal = new SimulatedJournal(this.world, this.network, { isFenced: true });
  readonly views = new SimulatedViews(this.world, this.network);
  readonly heads = new SimulatedHeads(this.network);
  readonly notifications: FramedNotification[] = [];
  readonly errorReports: string[] = [];
  host!: Host;
  machine!: Machine;
  readonly #behaviours: readonly AnyBehaviour[];
  readonly #limits: RuntimeLimits;
  readonly #transport = new SimulatedTransport(this.network);
  readonly #bus = new SimulatedBus(this.network, [name], (_, notification) => this.notifications.push(notification));

  constructor(behaviours: readonly AnyBehaviour[], limits: Partial<RuntimeLimits> = {}) {
    this.#behaviours = behaviours;
    this.#limits = { ...defaultRuntimeLimits, ...limits };
    this.boot();
  }

  /** Kills the host as kill -9 does, and boots it again: only what the servers keep is left. */
  restart(): void {
    this.machine.kill();
    this.boot();
  }

  boot(): void {
    const { world } = this;
    this.machine = new Machine(world, name, world.random.hex(32), { offsetMs: 0 });
    const { machine } = this;
    this.host = createHost({
      ports: {
        journal: this.journal.port(machine),
        views: this.views.port(machine).views,
        heads: this.heads.port(machine),
        sink: this.#bus.port(machine),
        clock: machine.clock,
      },
      transport: this.#transport.port(machine),
      random: world.random.fork(),
      lease: soleLease({ host: name, boot: machine.boot }),
      behaviours: this.#behaviours,
      limits: this.#limits,
      reportError: (message) => this.errorReports.push(message),
    });
    void this.host.start();
  }

  /** Lets virtual time pass until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const noted = promise.finally(() => {
      isSettled = true;
    });
    noted.catch(() => {});
    const isDone = await this.world.run(Math.max(this.world.nowMs, startMs) + patienceMs, () => isSettled);
    if (!isDone) throw new Error("Nothing came of it");
    return noted;
  }

  /** Lets virtual time pass until the condition holds. */
  async untilTrue(holds: () => boolean): Promise<void> {
    const isDone = await this.world.run(this.world.nowMs + patienceMs, holds);
    if (!isDone) throw new Error("It never came true");
  }
}
