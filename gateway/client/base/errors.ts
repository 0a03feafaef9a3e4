// Every failure that a caller of the client can meet, as one class.

type ClientErrorKind =
  /** The server answered with an error: `code`, `codeStr`, and for REST `status` and `traceId` say which. */
  | "refused"
  /** There is no connection, or no answer came in time. What was asked for may have taken effect. */
  | "unreachable"
  /** This client was closed, or the server does not want it back. */
  | "closed"
  /** A limit of this client (limits.ts) was reached; nothing was sent. */
  | "overflow"
  /** The server sent something that is not this protocol. */
  | "malformed";

interface Refusal {
  /** Number of the error, 10101 for "010101"; 0 when no server refused. */
  readonly code: number;
  readonly codeStr: string;
  /** HTTP status; 0 for a frame. */
  readonly status: number;
  /** Names the request in the server's log; empty for a frame. */
  readonly traceId: string;
  /** What was wrong, as the server describes it. */
  readonly details: unknown;
}

export class ClientError extends Error implements Refusal {
  override name = "ClientError";
  readonly kind: ClientErrorKind;
  readonly code: number;
  readonly codeStr: string;
  readonly status: number;
  readonly traceId: string;
  readonly details: unknown;

  constructor(kind: ClientErrorKind, message: string, refusal: Partial<Refusal> & { cause?: unknown } = {}) {
    super(message, refusal.cause === undefined ? undefined : { cause: refusal.cause });
    this.kind = kind;
    this.code = refusal.code ?? 0;
    this.codeStr = refusal.codeStr ?? "";
    this.status = refusal.status ?? 0;
    this.traceId = refusal.traceId ?? "";
    this.details = refusal.details;
  }
}

/** Unavailable, time-out, too many: the same request may be taken later. */
const passingCodes: ReadonlySet<number> = new Set([6, 7, 9]);

export function isPassingCode(code: number | undefined): boolean {
  return passingCodes.has(code ?? 0);
}

/** The server has refused it, and would refuse it again. */
export function isRefusedForGood(error: unknown): error is ClientError {
  return error instanceof ClientError && error.kind === "refused" && !isPassingCode(error.code);
}

export function isUnreachable(error: unknown): error is ClientError {
  return error instanceof ClientError && error.kind === "unreachable";
}
