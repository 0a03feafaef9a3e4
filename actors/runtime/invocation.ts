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
  readonly commandId?: string;
  readonly traceId?: string;
  readonly sizeBytes?: number;
  /** Set on outbox deliveries: the receiver's watermark. */
  readonly from?: { readonly shard: number; readonly stamp: number };
  /** Set on a query asked inside a turn: only later kinds may be asked. */
  readonly askedBy?: Address["kind"];
}

const defaultSizeBytes = 256;
/** Of one whose caller does not say how large it is: some bytes of a command. */
export function sizeOf({ sizeBytes = defaultSizeBytes }: Invocation): number {
  return sizeBytes;
}

export type Reply =
  | { kind: "ok"; value: unknown }
  | { kind: "refused"; error: ErrorName; details?: unknown; message?: string }
  | { kind: "failed"; error: RuntimeErrorKind; message: string };
