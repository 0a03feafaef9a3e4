// Everything that travels: between hosts, and between hosts and the servers (journal, control, views, heads, bus).
// Faults are rules that hold for a while; a message that no rule matches arrives once, after a short random time.
import type { Machine } from "./machine.ts";
import type { Prng } from "./prng.ts";
import type { World } from "./world.ts";

export interface Rule {
  matches(from: string, to: string): boolean;
  loss?: number;
  duplication?: number;
  /** Added to a share of the messages: a long delay outlasts the caller's time-out. */
  delay?: { share: number; maxMs: number };
}

const latencyMs = { min: 0.1, max: 2 };

export class Network {
  readonly rules = new Set<Rule>();
  readonly #world: World;
  readonly #random: Prng;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
  }

  send(from: string, to: string, arrive: () => void): void {
    let delayMs = this.#random.between(latencyMs.min, latencyMs.max);
    let copies = 1;
    for (const rule of this.rules) {
      if (!rule.matches(from, to)) continue;
      if (rule.loss && this.#random.chance(rule.loss)) return;
      if (rule.duplication && this.#random.chance(rule.duplication)) copies = 2;
      if (rule.delay && this.#random.chance(rule.delay.share)) delayMs += this.#random.between(0, rule.delay.maxMs);
    }
    this.#world.after(delayMs, arrive);
    if (copies === 2) this.#world.after(delayMs + this.#random.between(0, 50), arrive);
  }

  isCut(from: string, to: string): boolean {
    for (const rule of this.rules) if (rule.loss === 1 && rule.matches(from, to)) return true;
    return false;
  }

  /** Asks a server. Rejects when no answer came in time; the outcome at the server is then unknown. */
  ask<T>(machine: Machine, server: string, timeoutMs: number, serve: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = machine.clock.after(timeoutMs, () => reject(new Error(`${server} did not answer in time`)));
      this.send(machine.host, server, () => {
        let answer: () => void;
        try {
          const value = serve();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        this.send(server, machine.host, () =>
          machine.enter(() => {
            giveUp();
            answer();
          }),
        );
      });
    });
  }
}

export function link(from: string, to: string): Rule["matches"] {
  return (a, b) => a === from && b === to;
}
export function bothWays(one: string, other: string): Rule["matches"] {
  return (a, b) => (a === one && b === other) || (a === other && b === one);
}
export function allOf(place: string): Rule["matches"] {
  return (a, b) => a === place || b === place;
}
