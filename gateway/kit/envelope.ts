// The only place where an error becomes an HTTP status, an envelope or an ERROR frame.
import { RuntimeError, type RuntimeErrorKind } from "../../actors/runtime/errors.ts";
import type { Clock, Random } from "../../actors/runtime/ports.ts";
import { DomainError, type ErrorKind, type ErrorName, errors } from "../../actors/shared/errors.ts";
import type { Log } from "../ports.ts";
import { type Language, messageIn } from "./languages.ts";

interface Envelope {
  /** 0, or the number of the error: 10101 for "010101". */
  code: number;
  codeStr?: string;
  message: string;
  data: unknown;
  trace_id: string;
}
export interface Failure {
  status: number;
  /** Retry-After, WWW-Authenticate. */
  headers: Record<string, string>;
  body: Envelope;
}
interface ErrorFrame {
  type: "ERROR";
  msgId?: string;
  code: number;
  codeStr: string;
  message: string;
  timestamp: number;
  data?: unknown;
}

export const statusByKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  payment: 402,
  forbidden: 403,
  not_found: 404,
  wrong_method: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported: 415,
  too_many: 429,
  internal: 500,
  bad_gateway: 502,
  unavailable: 503,
  timeout: 504,
};

const errorByRuntimeKind: Readonly<Record<RuntimeErrorKind, ErrorName>> = {
  overloaded: "common.unavailable",
  not_owner: "common.unavailable",
  unreachable: "common.unavailable",
  deadline: "common.timeout",
  too_large: "common.too_large",
  poisoned: "common.unknown",
  unknown_method: "common.unknown",
};

export function createEnvelopes(deps: { log: Log; clock: Clock; random: Random }) {
  return {
    explain,

    success(data: unknown, traceId: string): Envelope {
      return { code: 0, message: "success", data: data ?? null, trace_id: traceId };
    },

    /** `where` names the route in the log line of an unexpected error. */
    failure(thrown: unknown, traceId: string, where: string, language: Language = "en"): Failure {
      const error = explain(thrown, traceId, where);
      return {
        status: statusByKind[error.kind],
        headers: headersFor(error),
        body: {
          ...numbers(error),
          message: messageIn(language, error),
          data: error.details ?? null,
          trace_id: traceId,
        },
      };
    },

    errorFrame(thrown: unknown, language: Language, msgId?: string): ErrorFrame {
      const error = explain(thrown, deps.random.hex(64), "frame");
      // A frame whose deadline passed may still take effect: the client sends it again with the same msgId (000006).
      const answered = error.error === "common.timeout" ? new DomainError("common.unavailable") : error;
      const { code, codeStr } = numbers(answered);
      const frame: ErrorFrame = {
        type: "ERROR",
        code,
        codeStr,
        message: messageIn(language, answered),
        timestamp: deps.clock.nowMs(),
      };
      if (msgId !== undefined) frame.msgId = msgId;
      if (answered.details !== undefined) frame.data = answered.details;
      return frame;
    },
  };

  /** Maps any thrown value to a row of the error table. Unexpected errors are logged here, once. */
  function explain(thrown: unknown, traceId: string, where: string): DomainError {
    if (thrown instanceof DomainError) return thrown;
    const error = thrown instanceof RuntimeError ? errorByRuntimeKind[thrown.kind] : "common.unknown";
    if (error === "common.unknown") {
      const stack = thrown instanceof Error ? thrown.stack : String(thrown);
      deps.log.error("request: unexpected error", { traceId, where, stack });
      return new DomainError(error, { cause: thrown, details: { traceId } });
    }
    return new DomainError(error, { cause: thrown });
  }
}
export type Envelopes = ReturnType<typeof createEnvelopes>;

function numbers(error: DomainError): { code: number; codeStr: string } {
  const { code } = errors[error.error];
  return { code: Number(code), codeStr: code };
}

/** What an answer with this error carries, whatever its body is. */
export function headersFor(error: DomainError): Record<string, string> {
  if (error.kind === "unauthorized") return { "WWW-Authenticate": "Bearer" };
  if (error.kind === "wrong_method") {
    const { allowed } = error.details as { allowed: readonly string[] };
    return { Allow: allowed.join(", ") };
  }
  if (error.kind === "unavailable") return { "Retry-After": "1" };
  if (error.kind !== "too_many") return {};
  const retryAfterMs = (error.details as { retryAfterMs?: number } | undefined)?.retryAfterMs ?? 1_000;
  return { "Retry-After": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) };
}
