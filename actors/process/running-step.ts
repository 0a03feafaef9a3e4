// One try of a step: its activity, its time limit, and why it was aborted.
import type { Clock } from "../runtime/ports.ts";
import type { Activities, StepContext } from "./activity.ts";
import type { Step, StepOutcome } from "./contract.ts";
import { cancelledFailure, doneWith, failureOf, timeoutFailure } from "./outcomes.ts";

/** superseded: another run works on the process, or it is over. stopped: this host stops at once. */
type AbortReason = "timeout" | "cancelled" | "shutdown" | "superseded" | "stopped";

/** What the runner then does: reports the outcome, gives the step back, or nothing. */
type TryEnd = { kind: "report"; outcome: StepOutcome } | { kind: "release" } | { kind: "drop" };

/** An aborted activity may take so long to end; then it is left alone. */
const abortGraceMs = 3_000;

export class RunningStep {
  readonly run: number;
  #clock: Pick<Clock, "after">;
  #controller = new AbortController();
  #reason: AbortReason | undefined;
  #givenUp = Promise.withResolvers<undefined>();

  constructor(run: number, clock: Pick<Clock, "after">) {
    this.run = run;
    this.#clock = clock;
  }

  /** The first reason counts. */
  abort(reason: AbortReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller.abort(new Error(`process: ${reason}`));
    if (reason === "stopped") this.#givenUp.resolve(undefined);
    else this.#clock.after(abortGraceMs, () => this.#givenUp.resolve(undefined));
  }

  async end(activities: Activities, step: Step, { key, tries }: { key: string; tries: number }): Promise<TryEnd> {
    const cancelTimeout = this.#clock.after(step.timeoutMs, () => this.abort("timeout"));
    const { signal } = this.#controller;
    const ended = perform(activities, step, { key, tries, run: this.run, signal }).then(doneWith, failureOf);
    const outcome = await Promise.race([ended, this.#givenUp.promise]);
    cancelTimeout();
    return this.#judge(outcome);
  }

  /** What was done stands, whatever the abort was for. */
  #judge(outcome: StepOutcome | undefined): TryEnd {
    const reason = this.#reason;
    if (reason === "stopped" || reason === "superseded") return { kind: "drop" };
    if (outcome && (outcome.kind === "done" || reason === undefined)) return { kind: "report", outcome };
    if (reason === "shutdown") return { kind: "release" };
    return { kind: "report", outcome: reason === "cancelled" ? cancelledFailure : timeoutFailure };
  }
}

async function perform(activities: Activities, step: Step, context: StepContext): Promise<unknown> {
  const activity = activities[step.activity];
  if (!activity) throw new Error(`This host has no activity ${step.activity}`);
  return activity(step.input, context);
}
