// A store that is away is no bug of ours: who reads through it is told to try again, and it is logged once in a while.
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { StorageError } from "./storage-error.ts";

type Reader = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

type OnTrouble = (message: string, cause: unknown) => void;

/** The same reader, for the edge; a StorageError comes out as common.unavailable. */
export function sayAway<R extends object>(reader: R, onTrouble: OnTrouble): R {
  return translate(reader, onTrouble, (cause) => new DomainError("common.unavailable", { cause }));
}

/** For actors: what is asked of them is asked again, until the caller's time is up. A bug would be parked. */
export function askAgain<R extends object>(reader: R, onTrouble: OnTrouble): R {
  return translate(reader, onTrouble, (cause) => new RuntimeError("unreachable", "The views are away", { cause }));
}

function translate<R extends object>(reader: R, onTrouble: OnTrouble, asError: (cause: StorageError) => Error): R {
  const methods = Object.entries(reader as unknown as Reader).map(([name, read]) => {
    const told = (...args: never[]) =>
      read.apply(reader, args).catch((cause: unknown) => {
        if (!(cause instanceof StorageError)) throw cause;
        onTrouble("views: read failed", cause);
        throw asError(cause);
      });
    return [name, told];
  });
  return Object.fromEntries(methods) as R;
}
