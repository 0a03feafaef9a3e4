// What an upstream's failure means: for the client, for the credential, and for another try.
import type { Seen } from "./contract.ts";
import type { EndReason } from "./usage.ts";

export interface Failure {
  readonly kind: /** The request itself is wrong (400, 404, 413, 422, …): the client gets the answer, and nothing is tried again. */
    | "client"
    | "rate_limited"
    | "unauthorized"
    | "forbidden"
    | "server_error"
    /** No connection: the request was not sent. */
    | "unreachable"
    /** The connection was lost before an answer: what the upstream did is unknown. */
    | "lost"
    /** The answer broke off. */
    | "cut"
    | "silent"
    | "stalled"
    /** The answer is none of the protocol. */
    | "garbled";
  /** The upstream's status, 0 when there was none. */
  readonly status: number;
  /** For people. May hold what the upstream wrote: `withoutSecret` before it leaves. */
  readonly message: string;
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** The upstream's wish: undefined when it has none, or none that makes sense. */
  readonly retryAfterMs?: number;
}

/** What the pool learns of a failure. */
export function seenOf({ kind }: Failure): Seen {
  switch (kind) {
    case "client":
      return "ok";
    case "rate_limited":
    case "unauthorized":
    case "forbidden":
    case "unreachable":
      return kind;
    default:
      return "server_error";
  }
}

export function endReasonOf({ kind }: Failure): EndReason {
  switch (kind) {
    case "unreachable":
      return "unreachable";
    case "lost":
    case "cut":
    case "garbled":
      return "cut";
    case "silent":
      return "silent";
    case "stalled":
      return "stalled";
    default:
      return "refused";
  }
}

/** The status that a client of HTTP gets for a failure. */
export function statusOf({ kind, status }: Failure): number {
  switch (kind) {
    case "client":
      return status;
    case "rate_limited":
      return 429;
    case "silent":
    case "stalled":
      return 504;
    case "server_error":
      return status === 503 || status === 529 ? 503 : status === 504 ? 504 : 502;
    default:
      return 502;
  }
}

interface ErrorFields {
  message?: string;
  type?: string;
  code?: string;
  param?: string;
  status?: number;
}

/** The fields of an error object as upstreams write it: `{error: {…}}`, `{error: "…"}`, `{message}`, `{detail}`. */
export function errorFields(body: unknown): ErrorFields {
  if (typeof body !== "object" || body === null) return {};
  const outer = body as Record<string, unknown>;
  const inner = outer.error ?? outer;
  if (typeof inner === "string") return { message: inner };
  if (typeof inner !== "object" || inner === null) return {};
  const { message, type, code, param, detail, status } = inner as Record<string, unknown>;
  const numeric = [code, status, outer.code, outer.status].map(Number).find((each) => each >= 400 && each <= 599);
  return {
    message: textOf(message) ?? textOf(detail) ?? textOf(outer.message),
    type: textOf(type),
    code: textOf(code) ?? (typeof code === "number" ? String(code) : undefined),
    param: textOf(param),
    status: numeric,
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** A failure from a status and the error's fields. Inside a 200 stream the status is 200, and the fields decide. */
export function failureOf(status: number, fields: ErrorFields, retryAfterMs?: number): Failure {
  const said = status >= 400 ? status : (fields.status ?? statusByWord(fields));
  const { message = `The model's server answered ${said}.`, type, code, param } = fields;
  return { kind: kindOf(said, fields), status: said, message, type, code, param, retryAfterMs };
}

/** An answer that is none of the protocol. */
export function garbled(message: string): Failure {
  return { kind: "garbled", status: 0, message };
}

function kindOf(status: number, { type, code }: ErrorFields): Failure["kind"] {
  const words = `${type ?? ""} ${code ?? ""}`;
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  // 402: the account at the upstream has no money, which is not the client's fault.
  if (status === 402 || status === 429 || /insufficient_quota|billing_not_active/.test(words)) return "rate_limited";
  if (status === 408 || status === 409 || status === 425) return "server_error";
  return status >= 500 || status < 400 ? "server_error" : "client";
}

function statusByWord({ type = "", code = "" }: ErrorFields): number {
  const words = `${type} ${code}`;
  if (/insufficient_quota|rate_limit|too_many|quota|resource_exhausted/i.test(words)) return 429;
  if (/overloaded|unavailable/i.test(words)) return 503;
  if (/authentication|invalid_api_key|unauthorized/i.test(words)) return 401;
  if (/permission/i.test(words)) return 403;
  if (/context_length|content_policy|content_filter|invalid_request|invalid_value|not_found/i.test(words)) return 400;
  return 500;
}

/** An upstream may repeat the key that it refused, in any of its fields. */
export function failureWithoutSecret(failure: Failure, secret: string): Failure {
  const hide = (text: string | undefined) => text && withoutSecret(text, secret);
  const { message, type, code, param } = failure;
  return {
    ...failure,
    message: withoutSecret(message, secret),
    type: hide(type),
    code: hide(code),
    param: hide(param),
  };
}

/** Of a shorter part, such as the end of a key in a list of keys, the rest cannot be guessed. */
const secretPartChars = 12;
const longWord = new RegExp(`[\\w.+/=-]{${secretPartChars},}`, "g");

/** Neither the whole secret, nor a part of it, nor anything that looks like a key. */
export function withoutSecret(text: string, secret: string): string {
  const whole = secret.length >= 8 ? text.replaceAll(secret, "[key]") : text;
  const known = whole.replace(longWord, (word) => (hasPartOf(secret, word) ? "[key]" : word));
  return known.replace(/\b(sk-|nk-|Bearer\s+)[\w-]{8,}[\w.*-]*/gi, "[key]");
}

function hasPartOf(secret: string, word: string): boolean {
  for (let at = 0; at + secretPartChars <= word.length; at += 1) {
    if (secret.includes(word.slice(at, at + secretPartChars))) return true;
  }
  return false;
}
