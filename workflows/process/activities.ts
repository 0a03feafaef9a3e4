// The activities of processes, as Temporal runs them: those of the steps (steps.ts), and two that report to the process's actor.
import { Context } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { Activities, Activity } from "../../actors/process/activity.ts";
import { Process } from "../../actors/process/contract.ts";
import { doneWith, failureOf } from "../../actors/process/outcomes.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { heartbeatEveryMs, type ProcessActivities } from "./contract.ts";

export interface ProcessActivityDeps {
  actors: Actors;
  /** What runs the steps of all kinds. Absent in a worker that runs calls only. */
  steps?: Activities;
}

const commandTimeoutMs = 4_000;

export function createProcessActivities({ actors, steps = {} }: ProcessActivityDeps): ProcessActivities {
  const ask = (key: string) => actors.get(Process, key);
  const adapted = Object.entries(steps).map(([name, activity]) => [name, (input: unknown) => runStep(activity, input)]);
  return {
    ...Object.fromEntries(adapted),
    beginProcess: ({ key }) => ask(key).begin({}, { deadlineMs: Date.now() + commandTimeoutMs }),
    async endProcess({ key }) {
      await ask(key).end({}, { deadlineMs: Date.now() + commandTimeoutMs });
    },
  };
}

/** Heartbeats while the step runs: so a killed worker is noticed, and a cancellation is received. */
async function runStep(activity: Activity, input: unknown): Promise<unknown> {
  const context = Context.current();
  const { workflowExecution, attempt } = context.info;
  const { cancellationSignal: signal } = context;
  const heartbeats = setInterval(() => context.heartbeat(), heartbeatEveryMs);
  try {
    const outcome = doneWith(
      await activity(input, { key: workflowExecution?.workflowId ?? "", tries: attempt, run: attempt, signal }),
    );
    if (outcome.kind === "done") return outcome.value;
    throw ApplicationFailure.nonRetryable(outcome.message, outcome.error);
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    if (signal.aborted && !context.cancellationDetails?.workerShutdown) throw new CancelledFailure("cancelled");
    const { error: type, message, isFinal = false } = failureOf(error);
    throw ApplicationFailure.create({ type, message, nonRetryable: isFinal });
  } finally {
    clearInterval(heartbeats);
  }
}
