// CONTROL: one leader; every watcher gets the entries in one order, late when its link is cut.
import type { AppendOutcome, Control, ControlEntry } from "../../actors/runtime/ports.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { World } from "./world.ts";

const timeoutMs = 400;
const reconnectMs = 50;

interface Watcher {
  readonly machine: Machine;
  readonly handler: (entry: ControlEntry) => void;
  /** Not delivered yet. */
  queue: ControlEntry[];
  isSending: boolean;
  isStopped: boolean;
}

export class SimulatedControl {
  readonly name = "control";
  readonly #kept = new Map<string, ControlEntry>();
  readonly #watchers = new Set<Watcher>();
  #lastSequence = 0;
  readonly #world: World;
  readonly #network: Network;

  constructor(world: World, network: Network) {
    this.#world = world;
    this.#network = network;
  }

  port(machine: Machine): Control {
    return {
      put: (subject, value, expected) =>
        this.#network.ask(machine, this.name, timeoutMs, () => this.#put(subject, value, expected)),
      watch: (handler) => {
        const kept = [...this.#kept.values()].sort((a, b) => a.sequence - b.sequence);
        const watcher: Watcher = { machine, handler, queue: kept, isSending: false, isStopped: false };
        this.#watchers.add(watcher);
        this.#sendNext(watcher);
        return () => {
          watcher.isStopped = true;
          this.#watchers.delete(watcher);
        };
      },
    };
  }

  #put(subject: string, value: string, expected: number): AppendOutcome {
    const last = this.#kept.get(subject)?.sequence ?? 0;
    if (last !== expected) return { kind: "conflict", lastSequence: last };
    this.#lastSequence += 1;
    const entry = { subject, value, sequence: this.#lastSequence, atMs: Math.floor(this.#world.nowMs) };
    this.#kept.set(subject, entry);
    if (value.includes("closed")) this.#world.trace("control", () => `${subject} ${value}`);
    for (const watcher of this.#watchers) {
      watcher.queue.push(entry);
      this.#sendNext(watcher);
    }
    return { kind: "appended", sequence: this.#lastSequence };
  }

  /** One at a time keeps the order; a cut link delays, it loses nothing. */
  #sendNext(watcher: Watcher): void {
    if (watcher.isSending || watcher.isStopped || watcher.machine.isDead || watcher.queue.length === 0) return;
    watcher.isSending = true;
    if (this.#network.isCut(this.name, watcher.machine.host)) {
      this.#world.after(reconnectMs, () => {
        watcher.isSending = false;
        this.#sendNext(watcher);
      });
      return;
    }
    const entries = watcher.queue.splice(0);
    this.#world.after(this.#world.random.between(0.1, 3), () => {
      watcher.isSending = false;
      watcher.machine.enter(() => {
        for (const entry of entries) if (!watcher.isStopped) watcher.handler(entry);
      });
      this.#sendNext(watcher);
    });
  }
}
