// A DomainError's way through Temporal: an ApplicationFailure whose type is the error's name, with the details beside it.
import { ApplicationFailure } from "@temporalio/common";
import { DomainError, type ErrorKind, type ErrorName, errors } from "../../actors/shared/errors.ts";

/** The same request may be answered otherwise in a moment. */
const passing: ReadonlySet<ErrorKind> = new Set(["too_many", "internal", "unavailable", "timeout"]);

export function refusalOf(error: DomainError): ApplicationFailure {
  const { details } = error;
  return ApplicationFailure.create({
    type: error.error,
    message: error.message,
    nonRetryable: !passing.has(error.kind),
    details: details === undefined ? [] : [details],
    cause: error.cause instanceof Error ? error.cause : undefined,
  });
}

/** The DomainError that stands somewhere in this failure's chain of causes. */
export function domainErrorOf(failure: unknown): DomainError | undefined {
  for (let error = failure; error instanceof Error; error = error.cause) {
    if (error instanceof DomainError) return error;
    if (error instanceof ApplicationFailure && typeof error.type === "string" && Object.hasOwn(errors, error.type)) {
      return new DomainError(error.type as ErrorName, {
        details: error.details?.[0],
        message: error.message,
        cause: failure,
      });
    }
  }
  return undefined;
}

/** What activities and handlers throw: a refusal that the caller understands, which ends an activity's retries. */
export async function asRefusals<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DomainError ? refusalOf(error) : error;
  }
}

/** The same for a validator, which must not wait. */
export function asRefusalsNow(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof DomainError ? refusalOf(error) : error;
  }
}
