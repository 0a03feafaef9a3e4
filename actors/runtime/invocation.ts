import type { ErrorName } from "../shared/errors.ts";
import type { RuntimeErrorKind } from "./errors.ts";
import type { Address } from "./kinds.ts";

/** One call of one method of one actor: plain data, so that it can cross hosts. */
export interface Invocation {
  readonly to: Address;
  readonly method: string;
  readonly input: unknown;
  /** Absolute, ms since 1970: nobody waits without a limit. */
  readonly deadlineMs: number;
  /** Repeats carry the same id (G2). */
  readonly commandId?: string;
  readonly traceId?: string;
  readonly sizeBytes?: number;
  /** Set on outbox entries: the sender's shard, and the entry's stamp for the receiver's watermark. */
  readonly from?: { readonly shard: number; readonly stamp: number };
  /** Set on a query asked inside a turn: only later kinds may be asked. */
  readonly askedBy?: Address["kind"];
}

const defaultSizeBytes = 256;
/** Bytes that a mailbox counts for the call; a caller that does not know its size gets the default. */
export function sizeOf({ sizeBytes = defaultSizeBytes }: Invocation): number {
  return sizeBytes;
}

export type Reply =
  | { kind: "ok"; value: unknown }
  /** The actor's own answer: the caller sees a DomainError. */
  | { kind: "refused"; error: ErrorName; details?: unknown; message?: string }
  /** The runtime could not run the call: the caller retries it, or sees a RuntimeError. */
  | { kind: "failed"; error: RuntimeErrorKind; message: string };
