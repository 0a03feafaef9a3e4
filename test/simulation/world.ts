// Virtual time. All events stand in one queue, ordered by time, then by the order in which they were asked for. An event and
// every promise that it settles end before the next event begins, so a run follows from its seed alone.
import { Prng } from "./prng.ts";

interface WorldEvent {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Events handed to the event loop at once: Node settles the promises of each before the next. */
const eventsPerTurn = 64;
/** 2026-01-01: stamps need a wall clock later than their epoch. */
export const startMs = Date.UTC(2026, 0, 1);

export class World {
  nowMs = startMs;
  events = 0;
  readonly random: Prng;
  readonly isTraced: boolean;
  #queue: WorldEvent[] = [];
  #order = 0;
  #print: (line: string) => void;

  constructor(seed: number, print?: (line: string) => void) {
    this.random = new Prng(seed);
    this.isTraced = print !== undefined;
    this.#print = print ?? (() => {});
  }

  /** The result cancels the event. */
  after(delayMs: number, run: () => void): () => void {
    const event: WorldEvent = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  trace(place: string, what: () => string): void {
    if (this.isTraced) this.#print(`${(this.nowMs - startMs).toFixed(1).padStart(8)}  ${place.padEnd(9)} ${what()}`);
  }

  /** Runs until `isDone`, or until virtual time `untilMs`; false: the time was up first. */
  run(untilMs: number, isDone: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (done: boolean) => {
        isOver = true;
        resolve(done);
      };
      const step = () => {
        if (isOver) return;
        if (isDone()) return end(true);
        const [event] = this.#queue;
        if (!event || event.atMs > untilMs) return end(false);
        this.#pop();
        this.nowMs = event.atMs;
        this.events += 1;
        try {
          event.run?.();
        } catch (error) {
          isOver = true;
          reject(error);
        }
      };
      const turn = () => {
        if (isOver) return;
        for (let i = 0; i < eventsPerTurn; i += 1) setImmediate(step);
        setImmediate(turn);
      };
      turn();
    });
  }

  #push(event: WorldEvent): void {
    const queue = this.#queue;
    let at = queue.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, queue[parent]!)) break;
      queue[at] = queue[parent]!;
      at = parent;
    }
    queue[at] = event;
  }

  #pop(): WorldEvent | undefined {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child += 1;
      if (!isBefore(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
    return first;
  }
}

function isBefore(a: WorldEvent, b: WorldEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
