// The errors of a data file, and their plain form in messages between the worker threads and the main thread.
import { StorageError, type StorageErrorKind } from "../views/storage-error.ts";

/** Stops the start: two servers on one folder would both own every shard. */
export class DataDirLockedError extends StorageError {
  override name = "DataDirLockedError";
  constructor(path: string, options?: { cause?: unknown }) {
    super("locked", `another server uses this data folder: ${path}`, options);
  }
}

/** An error as plain data, because structured cloning loses the classes. */
export interface PlainError {
  readonly kind: StorageErrorKind;
  readonly message: string;
  readonly path?: string;
  readonly cause?: Error;
}

const sqlite = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26 } as const;

/** Maps an error of SQLite to a kind. `path` names the data file in the message. */
export function describeError(error: unknown, path: string): PlainError {
  if (error instanceof StorageError) {
    return { kind: error.kind, message: error.message, path, cause: asError(error.cause) };
  }
  const cause = asError(error);
  const code = resultCode(error);
  if (code === sqlite.busy || code === sqlite.locked) return { kind: "locked", message: "", path, cause };
  if (code === sqlite.corrupt || code === sqlite.notADatabase) {
    return { kind: "damaged", message: `${path} is damaged: ${cause?.message}`, path, cause };
  }
  return { kind: "failed", message: `${path}: ${cause?.message ?? "unknown failure"}`, path, cause };
}

export function restoreError(plain: PlainError): StorageError {
  const options = { cause: plain.cause };
  if (plain.kind === "locked") return new DataDirLockedError(plain.path ?? "", options);
  return new StorageError(plain.kind, plain.message, options);
}

/** SQLite's primary result code, which is the low byte of an extended code. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

function asError(cause: unknown): Error | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? cause : new Error(String(cause));
}
