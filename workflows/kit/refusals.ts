// Carries a DomainError through Temporal: as an ApplicationFailure whose type is the error's name and whose details are the
// error's.
import { ApplicationFailure } from "@temporalio/common";
import { DomainError, type ErrorKind, isErrorName } from "../../actors/shared/errors.ts";

/** Kinds of errors after which the same request may succeed a moment later. */
const retryable: ReadonlySet<ErrorKind> = new Set(["too_many", "internal", "unavailable", "timeout"]);

export function refusalOf(error: DomainError): ApplicationFailure {
  const { details } = error;
  return ApplicationFailure.create({
    type: error.error,
    message: error.message,
    nonRetryable: !retryable.has(error.kind),
    details: details === undefined ? [] : [details],
    cause: error.cause instanceof Error ? error.cause : undefined,
  });
}

/** The first DomainError in the chain of causes of this failure. */
export function domainErrorOf(failure: unknown): DomainError | undefined {
  for (let error = failure; error instanceof Error; error = error.cause) {
    if (error instanceof DomainError) return error;
    if (error instanceof ApplicationFailure && typeof error.type === "string" && isErrorName(error.type)) {
      return new DomainError(error.type, {
        details: error.details?.[0],
        message: error.message,
        cause: failure,
      });
    }
  }
  return undefined;
}

/**
 * For activities and handlers: turns a DomainError into a failure that the client can read and that ends an activity's retries.
 */
export async function asRefusals<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DomainError ? refusalOf(error) : error;
  }
}

/** The same for validators, which must not wait. */
export function asRefusalsNow(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof DomainError ? refusalOf(error) : error;
  }
}
