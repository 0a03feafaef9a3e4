// Errors as clients of OpenAI read them: {"error": {message, type, param, code}}.
import { type Failure, garbled, statusOf } from "../../actors/llm/failure.ts";
import { AmbiguousToolCall } from "../../actors/llm/tool-calls.ts";

export interface OpenAiError {
  status: number;
  message: string;
  type: string;
  param: string | null;
  code: string | null;
  retryAfterMs?: number;
}

const typeByStatus: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  429: "rate_limit_error",
};

function typeOf(status: number): string {
  return typeByStatus[status] ?? (status >= 500 ? "server_error" : "invalid_request_error");
}

export function errorOfFailure(failure: Failure): OpenAiError {
  const status = statusOf(failure);
  const isOfClient = failure.kind === "client";
  return {
    status,
    message: failure.message,
    type: (isOfClient && failure.type) || typeOf(status),
    param: (isOfClient && failure.param) || null,
    code: (isOfClient ? failure.code : codeByKind[failure.kind]) ?? null,
    ...(failure.retryAfterMs !== undefined && { retryAfterMs: failure.retryAfterMs }),
  };
}

/** The failure of a server whose tool calls are ambiguous. Throws every other error again. */
export function failureOfToolCalls(thrown: unknown): Failure {
  if (!(thrown instanceof AmbiguousToolCall)) throw thrown;
  return garbled("The model's server sent tool calls that cannot be told apart.");
}

const codeByKind: Partial<Record<Failure["kind"], string>> = {
  rate_limited: "rate_limit_exceeded",
  silent: "upstream_timeout",
  stalled: "upstream_timeout",
};

export function bodyOfError({ message, type, param, code }: OpenAiError): string {
  return JSON.stringify({ error: { message, type, param, code } });
}

/** Whole seconds, at least one. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}
