// The runner of a host: does what the processes of its shards have to do. The actors announce them (`poke`): at their start,
// after a pause, and again when their shard has a new owner. One task of a runner at a time works on a process.
//
// runner/again: whatever goes wrong between runner and actor is tried again later: the actor holds the truth.
import type { Actors } from "../runtime/actors.ts";
import type { Clock } from "../runtime/ports.ts";
import { Backoff } from "../shared/backoff.ts";
import { DomainError } from "../shared/errors.ts";
import { Gate } from "../shared/gate.ts";
import { every, sleep } from "../shared/sleep.ts";
import type { Activities } from "./activity.ts";
import { type AnyProcessKind, type Claim, Process, type ProcessKinds } from "./contract.ts";
import type { ProcessEngine } from "./engine.ts";
import { kindOf } from "./kind-of.ts";
import { lookEveryMs, maxAtOnce, maxKnown } from "./limits.ts";
import { RunningStep } from "./running-step.ts";

interface RunnerDeps {
  boot: string;
  actors: Actors;
  clock: Pick<Clock, "nowMs" | "after">;
  kinds: ProcessKinds;
  activities: Activities;
  /** Absent: Temporal is not configured. */
  engine?: ProcessEngine;
  reportError(message: string, cause: unknown): void;
}

export interface Runner {
  poke(key: string): void;
  /** Begins nothing more, lets running steps end within `graceMs`, and gives the others back. */
  drain(graceMs: number): Promise<void>;
  /** Ends at once, as kill -9 would. */
  stop(): void;
}

/** Pauses after a failure between this runner and an actor, or Temporal. */
const retryMinMs = 50;
const retryMaxMs = 1_000;
/** An outcome that its actor did not take within this time is dropped: the step runs again. */
const reportMsMax = 60_000;
/** Aborted steps end, and are given back, within this time. */
const releaseMsMax = 4_000;
const drainLookMs = 20;

/** `poke` is called inside the turn that decides something: the runner asks when the turn has ended. */
const afterTurn = Promise.resolve();

type RunClaim = Extract<Claim, { kind: "run" }>;

/** A process that this runner works on. */
interface Task {
  step?: RunningStep;
  /** Announced again, while no step ran. */
  isPoked: boolean;
}

export function createRunner(deps: RunnerDeps): Runner {
  return new HostRunner(deps);
}

class HostRunner implements Runner {
  #deps: RunnerDeps;
  #tasks = new Map<string, Task>();
  /** Processes that are looked at later. */
  #timers = new Map<string, () => void>();
  #gates = new Map<string, Gate>();
  #phase: "working" | "draining" | "stopped" = "working";

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  poke(key: string): void {
    const task = this.#tasks.get(key);
    if (task?.step) void this.#look(key, task.step);
    else if (task) task.isPoked = true;
    else if (this.#phase === "working" && this.#tasks.size < maxKnown) void this.#work(key);
  }

  async drain(graceMs: number): Promise<void> {
    if (this.#phase === "working") this.#phase = "draining";
    this.#cancelTimers();
    await this.#idle(graceMs);
    for (const { step } of this.#tasks.values()) step?.abort("shutdown");
    await this.#idle(releaseMsMax);
  }

  stop(): void {
    this.#phase = "stopped";
    this.#cancelTimers();
    for (const { step } of this.#tasks.values()) step?.abort("stopped");
  }

  async #work(key: string): Promise<void> {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    const task: Task = { isPoked: false };
    this.#tasks.set(key, task);
    await afterTurn;
    let againMs: number | undefined;
    try {
      const kind = kindOf(this.#deps.kinds, key);
      againMs = await this.#gateOf(kind).run(() => this.#follow(key, kind, task));
    } catch (cause) {
      if (this.#phase !== "stopped") this.#deps.reportError(`process ${key}: tried again`, cause);
      againMs = this.#deps.clock.nowMs() + retryMaxMs;
    }
    this.#tasks.delete(key);
    if (task.isPoked) this.poke(key);
    else if (againMs !== undefined) this.#workLater(key, againMs);
  }

  /** Does what is to be done now; answers when to ask again, if this runner has to. */
  async #follow(key: string, kind: AnyProcessKind, task: Task): Promise<number | undefined> {
    const { boot, engine } = this.#deps;
    if (this.#phase !== "working") return undefined;
    let claim = await this.#process(key).claim({ boot, canHandOver: engine?.isReachable() });
    while (claim.kind === "run") claim = await this.#runStep(key, task, claim);
    switch (claim.kind) {
      case "wait":
        return claim.untilMs;
      case "hand_over":
        await engine?.start({ key, name: kind.name, input: claim.input, facts: kind.describe(claim.input) });
        return claim.untilMs;
      case "watch":
        return this.#watch(key, claim.isCancelled);
      case "over":
        return undefined;
    }
  }

  async #runStep(key: string, task: Task, { run, tries, step }: RunClaim): Promise<Claim> {
    const { boot, clock, activities } = this.#deps;
    const actor = this.#process(key);
    const release = () => this.#send<null>(() => actor.release({ run }));
    if (this.#phase !== "working") {
      await release();
      return { kind: "over" };
    }
    const running = new RunningStep(run, clock);
    task.step = running;
    const cancelLooks = every(clock, lookEveryMs, () => void this.#look(key, running));
    try {
      const end = await running.end(activities, step, { key, tries });
      if (end.kind === "report") return await this.#send(() => actor.report({ boot, run, outcome: end.outcome }));
      if (end.kind === "release") await release();
      return { kind: "over" };
    } finally {
      cancelLooks();
      task.step = undefined;
    }
  }

  /** A workflow that was terminated did not say so. */
  async #watch(key: string, isCancelled: boolean): Promise<number | undefined> {
    const { engine, clock } = this.#deps;
    if (!engine) return undefined;
    if (isCancelled) await engine.cancel(key);
    if (!(await engine.isOver(key))) return undefined;
    await this.#process(key).abandon({});
    return clock.nowMs();
  }

  /** Sees whether the step is cancelled, or another run works on it. */
  async #look(key: string, step: RunningStep): Promise<void> {
    await afterTurn;
    try {
      const { status, run, isCancelled } = await this.#process(key).state({});
      if (status !== "running" || run !== step.run) step.abort("superseded");
      else if (isCancelled) step.abort("cancelled");
    } catch {
      // The next look, or the report, finds out.
    }
  }

  /** Sends until the actor answers. */
  async #send<T>(send: () => Promise<T>): Promise<T> {
    const { clock } = this.#deps;
    const untilMs = clock.nowMs() + reportMsMax;
    const pauses = new Backoff({ minMs: retryMinMs, maxMs: retryMaxMs });
    for (;;) {
      try {
        return await send();
      } catch (error) {
        const isFinal = error instanceof DomainError || clock.nowMs() > untilMs || this.#phase === "stopped";
        if (isFinal) throw error;
        await sleep(clock, pauses.next());
      }
    }
  }

  async #idle(limitMs: number): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.nowMs() + limitMs;
    while ([...this.#tasks.values()].some(({ step }) => step) && clock.nowMs() < untilMs) {
      await sleep(clock, drainLookMs);
    }
  }

  #workLater(key: string, atMs: number): void {
    if (this.#phase !== "working" || this.#timers.size >= maxKnown) return;
    const { clock } = this.#deps;
    const delayMs = Math.max(1, atMs - clock.nowMs());
    this.#timers.set(
      key,
      clock.after(delayMs, () => this.poke(key)),
    );
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #process(key: string) {
    return this.#deps.actors.get(Process, key);
  }

  #gateOf({ name }: AnyProcessKind): Gate {
    let gate = this.#gates.get(name);
    if (!gate) {
      gate = new Gate(maxAtOnce[name]);
      this.#gates.set(name, gate);
    }
    return gate;
  }
}
