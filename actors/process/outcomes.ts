// Outcomes of a step that its activity did not choose.
import { DomainError, type ErrorKind } from "../shared/errors.ts";
import type { StepFailure, StepOutcome } from "./contract.ts";
import { maxStepBytes } from "./limits.ts";

function finalFailure(error: string, message: string): StepFailure {
  return { kind: "failed", error, message, isFinal: true };
}
export const cancelledFailure = finalFailure("process.cancelled", "The process was cancelled.");
export const lostFailure = finalFailure("process.lost", "Every worker of this step was lost.");
export const tooLargeFailure = finalFailure("process.too_large", `A step has at most ${maxStepBytes} bytes.`);
export const timeoutFailure: StepFailure = {
  ...{ kind: "failed", error: "process.timeout", message: "The step took longer than its limit." },
};

/** Kinds of errors after which the same step may succeed later. */
const retryable: ReadonlySet<ErrorKind> = new Set(["too_many", "internal", "bad_gateway", "unavailable", "timeout"]);
const maxMessageChars = 500;

/** An error of the table ends the tries unless its kind is retryable. Everything else is tried again. */
export function failureOf(error: unknown): StepFailure {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, maxMessageChars);
  if (!(error instanceof DomainError)) return { kind: "failed", error: "process.failed", message };
  const failure: StepFailure = { kind: "failed", error: error.error, message };
  return retryable.has(error.kind) ? failure : { ...failure, isFinal: true };
}

/** An activity's result, if it is small enough to be kept. */
export function doneWith(value: unknown): StepOutcome {
  return fits(value) ? { kind: "done", value } : tooLargeFailure;
}

export function fits(value: unknown): boolean {
  return (JSON.stringify(value)?.length ?? 0) <= maxStepBytes;
}
