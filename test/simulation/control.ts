// CONTROL: one leader; every watcher gets the entries in one order, late when its link is cut. CONTROL may be restored from a copy.
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
  lastSequence: number;
  isSending: boolean;
  isStopped: boolean;
}

interface ControlCopy {
  readonly kept: ReadonlyMap<string, ControlEntry>;
  readonly lastSequence: number;
}

export class SimulatedControl {
  readonly name = "control";
  #kept = new Map<string, ControlEntry>();
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
        const watcher: Watcher = {
          machine,
          handler,
          queue: this.#inOrder(),
          lastSequence: 0,
          isSending: false,
          isStopped: false,
        };
        this.#watchers.add(watcher);
        this.#sendNext(watcher);
        return () => {
          watcher.isStopped = true;
          this.#watchers.delete(watcher);
        };
      },
    };
  }

  /** What a backup of the server holds. */
  copy(): ControlCopy {
    return { kept: new Map(this.#kept), lastSequence: this.#lastSequence };
  }

  /** Whether a boot was closed since the copy was made. */
  hasClosedSince({ lastSequence }: ControlCopy): boolean {
    return [...this.#kept.values()].some(({ sequence, value }) => sequence > lastSequence && value.includes("closed"));
  }

  /** Everything written since the copy is gone. Watchers go on where they were: they see sequences above their last one only. */
  restore({ kept, lastSequence }: ControlCopy): void {
    this.#world.trace("control", () => `goes back from ${this.#lastSequence} to ${lastSequence}`);
    this.#kept = new Map(kept);
    this.#lastSequence = lastSequence;
    const entries = this.#inOrder();
    for (const watcher of this.#watchers) {
      watcher.queue = entries.filter(({ sequence }) => sequence > watcher.lastSequence);
    }
  }

  #inOrder(): ControlEntry[] {
    return [...this.#kept.values()].sort((a, b) => a.sequence - b.sequence);
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

  /** Delivers one entry at a time, which keeps the order. A cut link delays entries and loses none. */
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
        for (const entry of entries) {
          if (watcher.isStopped || entry.sequence <= watcher.lastSequence) continue;
          watcher.lastSequence = entry.sequence;
          watcher.handler(entry);
        }
      });
      this.#sendNext(watcher);
    });
  }
}
