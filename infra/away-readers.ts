// A store that is away is no bug of ours: who reads through it is told to try again (000006), and it is logged once in a while.
import { DomainError } from "../actors/shared/errors.ts";
import { StorageError } from "./storage-error.ts";

type Reader = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** The same reader; a StorageError comes out as common.unavailable. */
export function sayAway<R extends object>(reader: R, onTrouble: (message: string, cause: unknown) => void): R {
  const methods = Object.entries(reader as unknown as Reader).map(([name, read]) => {
    const told = (...args: never[]) =>
      read.apply(reader, args).catch((cause: unknown) => {
        if (!(cause instanceof StorageError)) throw cause;
        onTrouble("The views cannot be read", cause);
        throw new DomainError("common.unavailable", { cause });
      });
    return [name, told];
  });
  return Object.fromEntries(methods) as R;
}
