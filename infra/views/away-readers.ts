// A store that does not answer is no bug of this program. These wrappers turn its StorageError into an error that the caller
// retries, and report the cause to operators.
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { StorageError } from "./storage-error.ts";

type Reader = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

type ReportError = (message: string, cause: unknown) => void;

/** For gateways: a StorageError of the reader becomes common.unavailable. */
export function orUnavailable<R extends object>(reader: R, reportError: ReportError): R {
  return translate(reader, reportError, (cause) => new DomainError("common.unavailable", { cause }));
}

/**
 * For actors: a StorageError of the reader becomes "unreachable", so that the call to the actor is retried until its deadline.
 * Any other error of an actor counts as a bug, and its command would be dead-lettered.
 */
export function orUnreachable<R extends object>(reader: R, reportError: ReportError): R {
  return translate(
    reader,
    reportError,
    (cause) => new RuntimeError("unreachable", "the views do not answer", { cause }),
  );
}

function translate<R extends object>(reader: R, reportError: ReportError, asError: (cause: StorageError) => Error): R {
  const methods = Object.entries(reader as unknown as Reader).map(([name, read]) => {
    const translated = (...args: never[]) =>
      read.apply(reader, args).catch((cause: unknown) => {
        if (!(cause instanceof StorageError)) throw cause;
        reportError("views: read failed", cause);
        throw asError(cause);
      });
    return [name, translated];
  });
  return Object.fromEntries(methods) as R;
}
