// The workflow of a process: the same decisions and the same activities as the runner of a host has (actors/process/runner.ts).
// Its id is the process's key. The history holds inputs and results of steps, `maxStepBytes` each, and no prompt, answer or key.
//
// process-workflow/begin: the actor of the process is asked first. When a host runs the process already, the workflow ends.
// process-workflow/cancel: a cancellation ends the present step; the process then decides over it, and what follows from that
//     is not cancelled.
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  TimeoutFailure,
  workflowInfo,
} from "@temporalio/workflow";
import type { ProcessKind, Step, StepOutcome } from "../../actors/process/contract.ts";
import { maxRetryPauseMs } from "../../actors/process/limits.ts";
import { cancelledFailure, lostFailure, timeoutFailure } from "../../actors/process/outcomes.ts";
import { advance } from "../../actors/process/state.ts";
import type { ProcessActivities, ProcessWorkflowInput } from "./contract.ts";
import { heartbeatTimeoutMs } from "./contract.ts";

const retry = { initialInterval: "100ms", backoffCoefficient: 2, maximumInterval: "10s" } as const;
/** A local activity, because a user waits for what the process does. */
const { beginProcess } = proxyLocalActivities<ProcessActivities>({ startToCloseTimeout: "5s", retry });
const { endProcess } = proxyActivities<ProcessActivities>({ startToCloseTimeout: "10s", retry });

export function createProcessWorkflow<Input, State>(kind: ProcessKind<Input, State>) {
  return async ({ input }: ProcessWorkflowInput): Promise<unknown> => {
    const { workflowId: key } = workflowInfo();
    let isCancelAsked = false;
    let isCancelTaken = false;
    CancellationScope.current().cancelRequested.catch(() => {
      isCancelAsked = true;
    });
    const { isYours } = await CancellationScope.nonCancellable(() => beginProcess({ key }));
    if (!isYours) return { isSuperseded: true }; // process-workflow/begin
    let state: unknown = kind.begin(input as Input);
    let decision = kind.decide(state as State);
    while (decision.kind === "run") {
      setCurrentDetails(`Runs \`${decision.step.activity}\`.`);
      const outcome = await runStep(decision.step, !isCancelTaken);
      const next = advance(kind, state, outcome, isCancelAsked && !isCancelTaken);
      ({ state, decision } = next);
      isCancelTaken ||= next.isCancelled;
    }
    setCurrentDetails("Ended.");
    await CancellationScope.nonCancellable(() => endProcess({ key }));
    return decision.result;
  };
}

/** All tries of a step. */
async function runStep(step: Step, isCancellable: boolean): Promise<StepOutcome> {
  const { activity, input, timeoutMs, maxTries, retryMinMs } = step;
  const activities = proxyActivities<Record<string, (input: unknown) => Promise<unknown>>>({
    startToCloseTimeout: timeoutMs,
    heartbeatTimeout: heartbeatTimeoutMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: maxTries,
      initialInterval: retryMinMs,
      backoffCoefficient: 2,
      maximumInterval: maxRetryPauseMs,
    },
  });
  const run = () => activities[activity]!(input);
  try {
    const value = await (isCancellable ? run() : CancellationScope.nonCancellable(run));
    return { kind: "done", value };
  } catch (error) {
    return outcomeOf(error);
  }
}

function outcomeOf(error: unknown): StepOutcome {
  if (isCancellation(error)) return cancelledFailure;
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return cause.timeoutType === "HEARTBEAT" ? lostFailure : timeoutFailure;
  if (!(cause instanceof ApplicationFailure)) throw error;
  return { kind: "failed", error: cause.type ?? "process.failed", message: cause.message };
}
