// One process on one host, until it is killed. While the process is paused, its timers and deliveries wait in order. A killed
// process runs nothing more, and its memory is gone.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { World } from "./world.ts";

/** The clock of the machine, which outlives the process. */
export interface WallClock {
  offsetMs: number;
}

export class Machine {
  readonly host: string;
  readonly boot: string;
  readonly clock: Clock;
  isDead = false;
  isPaused = false;
  readonly world: World;
  #waiting: (() => void)[] = [];

  constructor(world: World, host: string, boot: string, wall: WallClock) {
    this.world = world;
    this.host = host;
    this.boot = boot;
    this.clock = {
      nowMs: () => Math.floor(world.nowMs + wall.offsetMs),
      monotonicMs: () => world.nowMs,
      after: (delayMs, callback) => {
        let run: (() => void) | undefined = callback;
        const cancel = world.after(delayMs, () => this.enter(() => run?.()));
        return () => {
          run = undefined;
          cancel();
        };
      },
      soon: (callback) => {
        world.after(0, () => this.enter(callback));
      },
    };
  }

  /** Runs a task in this process: now, after the pause, or never. */
  enter(callback: () => void): void {
    if (this.isDead) return;
    if (this.isPaused || this.#waiting.length > 0) this.#waiting.push(callback);
    else callback();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#catchUp();
  }

  kill(): void {
    this.isDead = true;
    this.#waiting = [];
  }

  #catchUp(): void {
    if (this.isPaused || this.isDead) return;
    const next = this.#waiting.shift();
    if (!next) return;
    // Each task runs as an event of its own, after every promise of the one before; new tasks queue behind.
    this.world.after(0, () => this.#catchUp());
    next();
  }
}
