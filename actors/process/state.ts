// The state of a process, its events, and what a step's outcome makes of it.
import type { AnyProcessKind, Decision, Step, StepOutcome } from "./contract.ts";
import { cancelledFailure } from "./outcomes.ts";

interface Open {
  input: unknown;
  /** Of the kind's decision. */
  state: unknown;
  step: Step;
  /** Claims so far. */
  run: number;
  /** Of the present step. */
  tries: number;
  /** asked: the present step is to end early. taken: the process has decided over it; it is not cancelled twice. */
  cancellation: "none" | "asked" | "taken";
  /** A runner may claim it from then on. */
  readyMs: number;
}

export type ProcessState =
  | { status: "none" }
  | ({ status: "waiting" } & Open)
  /** A run of this boot works on the step. */
  | ({ status: "claimed"; boot: string; untilMs: number } & Open)
  /** The workflow is being started. */
  | ({ status: "handed_over"; handedMs: number } & Open)
  /** The workflow runs. */
  | ({ status: "temporal"; begunMs: number } & Open)
  | { status: "over" };

export type OpenState = Extract<ProcessState, Open>;

export type ProcessEvent =
  | { type: "started"; input: unknown; state: unknown; step: Step; atMs: number }
  | { type: "claimed"; boot: string; run: number; tries: number; untilMs: number }
  /** A step's try failed, or its host went down. */
  | { type: "again"; tries: number; readyMs: number }
  | { type: "advanced"; state: unknown; step: Step; isCancelled: boolean; atMs: number }
  | { type: "handed_over"; atMs: number }
  | { type: "begun"; atMs: number }
  | { type: "cancelled" }
  | { type: "ended" };

/** The state after an event. Decisions stand in the events, so a newer version of a decision changes no process's past. */
export function fold(before: ProcessState, event: ProcessEvent): ProcessState {
  if (event.type === "ended") return { status: "over" };
  if (event.type === "started") {
    const { input, state, step, atMs } = event;
    return {
      ...{ status: "waiting", input, state, step, run: 0, tries: 0 },
      ...{ cancellation: "none", readyMs: atMs },
    };
  }
  if (before.status === "none" || before.status === "over") return before;
  const { input, state, step, run, tries, cancellation, readyMs } = before;
  const open = { input, state, step, run, tries, cancellation, readyMs };
  switch (event.type) {
    case "claimed":
      return {
        status: "claimed",
        ...open,
        boot: event.boot,
        run: event.run,
        tries: event.tries,
        untilMs: event.untilMs,
      };
    case "again":
      return { status: "waiting", ...open, tries: event.tries, readyMs: event.readyMs };
    case "advanced":
      return {
        ...{ status: "waiting", ...open, state: event.state, step: event.step, tries: 0, readyMs: event.atMs },
        cancellation: event.isCancelled ? "taken" : cancellation,
      };
    case "handed_over":
      return { status: "handed_over", ...open, handedMs: event.atMs };
    case "begun":
      return { status: "temporal", ...open, begunMs: event.atMs };
    case "cancelled":
      return { ...before, cancellation: "asked" };
  }
}

/**
 * What a process does after a step. When a cancellation was asked for and the process is not at its end yet, it decides over
 * the failure `process.cancelled`, too. Both drivers use this.
 */
export function advance(
  kind: AnyProcessKind,
  state: unknown,
  outcome: StepOutcome,
  isCancelAsked: boolean,
): { state: unknown; decision: Decision; isCancelled: boolean } {
  const after = kind.apply(state, outcome);
  const decision = kind.decide(after);
  const isCancelled = outcome.kind === "failed" && outcome.error === cancelledFailure.error;
  if (isCancelled || !isCancelAsked || decision.kind === "end") return { state: after, decision, isCancelled };
  const cancelled = kind.apply(after, cancelledFailure);
  return { state: cancelled, decision: kind.decide(cancelled), isCancelled: true };
}
