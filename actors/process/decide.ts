// What the turns of a process decide: whose the present step is, and what follows from its outcome.
import type { Turn } from "../runtime/contract.ts";
import type { AnyProcessKind, Claim, Step, StepOutcome } from "./contract.ts";
import { claimMarginMs, handOverMs, lookEveryMs, maxRetryPauseMs } from "./limits.ts";
import { cancelledFailure, fits, lostFailure, tooLargeFailure } from "./outcomes.ts";
import { advance, fold, type OpenState, type ProcessEvent, type ProcessState } from "./state.ts";

export interface Held {
  current: ProcessState;
}
export type ProcessTurn = Pick<Turn<Held, ProcessEvent>, "key" | "nowMs" | "emit">;

interface Claimant {
  boot: string;
  canHandOver?: boolean;
  /** True for a boot that is known to be gone. */
  isClosed(boot: string): boolean;
}

/** See process/one-runner. */
export function claimFor(turn: ProcessTurn, kind: AnyProcessKind, current: ProcessState, by: Claimant): Claim {
  const { nowMs } = turn;
  switch (current.status) {
    case "none":
    case "over":
      return { kind: "over" };
    case "temporal":
      return { kind: "watch", isCancelled: current.cancellation !== "none" };
    case "handed_over": {
      const untilMs = current.handedMs + handOverMs;
      return nowMs < untilMs ? { kind: "hand_over", input: current.input, untilMs } : take(turn, kind, current, by);
    }
    case "waiting":
      if (current.readyMs > nowMs) return { kind: "wait", untilMs: current.readyMs };
      if (!by.canHandOver || !isUntouched(current)) return take(turn, kind, current, by);
      turn.emit({ type: "handed_over", atMs: nowMs });
      return { kind: "hand_over", input: current.input, untilMs: nowMs + handOverMs };
    case "claimed": {
      // The answer to a host's own claim was lost: a host does not claim what its runner works on.
      if (current.boot === by.boot) return take(turn, kind, current, by);
      const isLost = by.isClosed(current.boot) || nowMs >= current.untilMs;
      if (!isLost) return { kind: "wait", untilMs: Math.min(current.untilMs, nowMs + lookEveryMs) };
      const isSpent = current.tries >= current.step.maxTries;
      return take(turn, kind, isSpent ? decideAfter(turn, kind, current, lostFailure) : current, by);
    }
  }
}

/** Neither run here nor cancelled: Temporal may still have it. */
export function isUntouched({ run, cancellation }: OpenState): boolean {
  return run === 0 && cancellation === "none";
}

/** Gives the present step to this boot; a process whose cancellation was asked for decides over it first. */
function take(turn: ProcessTurn, kind: AnyProcessKind, current: ProcessState, by: Claimant): Claim {
  if (current.status === "none" || current.status === "over") return { kind: "over" };
  if (current.cancellation === "asked") return take(turn, kind, decideAfter(turn, kind, current, cancelledFailure), by);
  const { run, tries, step } = current;
  const untilMs = turn.nowMs + step.timeoutMs + claimMarginMs;
  turn.emit({ type: "claimed", boot: by.boot, run: run + 1, tries: tries + 1, untilMs });
  return { kind: "run", run: run + 1, tries: tries + 1, step };
}

/** Emits the event and answers the state after it: a turn's own state changes only when the turn has ended. */
export function emitted(turn: ProcessTurn, before: ProcessState, event: ProcessEvent): ProcessState {
  turn.emit(event);
  return fold(before, event);
}

/** The state after a try. A failed one is followed by another one, after a pause; every other outcome by a decision. */
export function afterTry(
  turn: ProcessTurn,
  kind: AnyProcessKind,
  current: OpenState,
  outcome: StepOutcome,
): ProcessState {
  const { step, tries, cancellation } = current;
  const isAgain = outcome.kind === "failed" && !outcome.isFinal && tries < step.maxTries && cancellation !== "asked";
  if (!isAgain) return decideAfter(turn, kind, current, outcome);
  const pauseMs = Math.min(step.retryMinMs * 2 ** (tries - 1), maxRetryPauseMs);
  return emitted(turn, current, { type: "again", tries, readyMs: turn.nowMs + pauseMs });
}

export function decideAfter(
  turn: ProcessTurn,
  kind: AnyProcessKind,
  current: OpenState,
  outcome: StepOutcome,
): ProcessState {
  const known = outcome.kind === "failed" || fits(outcome.value) ? outcome : tooLargeFailure;
  const { state, isCancelled } = advance(kind, current.state, known, current.cancellation === "asked");
  const next = fitting(kind, state);
  if (!next.step) return emitted(turn, current, { type: "ended" });
  const { step } = next;
  return emitted(turn, current, { type: "advanced", state: next.state, step, isCancelled, atMs: turn.nowMs });
}

/** The next step; undefined at the end. A step that is too large fails, once: a kind that makes two of them has ended. */
export function fitting(kind: AnyProcessKind, state: unknown): { state: unknown; step?: Step } {
  const decision = kind.decide(state);
  if (decision.kind === "end") return { state };
  if (fits(decision.step.input)) return { state, step: decision.step };
  const failed = kind.apply(state, tooLargeFailure);
  const second = kind.decide(failed);
  return second.kind === "run" && fits(second.step.input) ? { state: failed, step: second.step } : { state: failed };
}
