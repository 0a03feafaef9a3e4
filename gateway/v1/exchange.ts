// One request of a client and the answer to it: its id, its headers, and whether the client is still there.
import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError } from "../../actors/shared/errors.ts";
import { type Envelopes, headersFor } from "../kit/envelope.ts";
import { statusOn, v1 } from "../surfaces/kit/surface.ts";
import { bodyOfError, type OpenAiError, retryAfterSeconds } from "./errors.ts";

interface ExchangeDeps {
  clock: { monotonicMs(): number; after(delayMs: number, callback: () => void): () => void };
  envelopes: Envelopes;
}

/** ms in which the rest of a refused body may come, so that its sender reads the answer; then the connection is closed. */
const refusedBodyMs = 10_000;

interface Recording {
  readonly parts: Uint8Array[];
  status: number;
  contentType: string;
  isKept: boolean;
  /** What the client gets once the answer is kept: an answer that is whole, or the end of a stream. */
  rest: () => void;
}

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly startedMs: number;
  attempts = 0;
  /** Time of this server before the first upstream was asked. */
  #overheadMs: number | undefined;
  readonly #deps: ExchangeDeps;
  readonly #gone = new AbortController();
  /** Of a keyed request: what it answers, whether or not its client is still there. */
  #record: Recording | undefined;
  #isDetached = false;

  constructor(deps: ExchangeDeps, request: IncomingMessage, response: ServerResponse, requestId: string) {
    this.#deps = deps;
    this.request = request;
    this.response = response;
    this.requestId = requestId;
    this.startedMs = deps.clock.monotonicMs();
    // A model may think for longer than a client may be silent.
    request.socket.setTimeout(0);
    response.once("close", () => {
      if (!response.writableFinished && !this.#record && !this.#isDetached) this.#gone.abort();
    });
  }

  /** Aborts when the client has left. A request that is recorded goes on without its client. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }
  leave(): void {
    this.response.destroy();
  }

  /** From now on the request goes on without its client. */
  detach(): void {
    this.#isDetached = true;
  }

  /** From now on the answer is recorded, and the client is not needed for it. */
  record(): void {
    this.#record = { parts: [], status: 200, contentType: "", isKept: true, rest: () => {} };
  }
  /** The answer is kept, or will not be: the client gets what was held back. */
  release(): void {
    const rest = this.#record?.rest;
    this.#record = undefined;
    rest?.();
  }
  /** The answer is none to repeat: the same request may succeed another time. */
  forgetAnswer(): void {
    if (this.#record) this.#record.isKept = false;
  }
  /** Undefined for an answer that is not to be kept. */
  recorded(): { status: number; contentType: string; body: Buffer } | undefined {
    if (!this.#record?.isKept || this.attempts === 0) return undefined;
    const { parts, status, contentType } = this.#record;
    return { status, contentType, body: Buffer.concat(parts) };
  }

  get hasBegun(): boolean {
    return this.#record ? this.#record.contentType !== "" : this.response.headersSent;
  }

  begin(status: number, headers: Record<string, string>): void {
    if (this.#record) Object.assign(this.#record, { status, contentType: headers["content-type"] });
    if (!this.response.headersSent && !this.response.destroyed) this.response.writeHead(status, this.headers(headers));
  }

  /** False: the client has to read first. */
  write(bytes: Uint8Array | string): boolean {
    this.#record?.parts.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
    return this.response.destroyed || this.response.write(bytes);
  }

  end(): void {
    const end = () => {
      if (!this.response.destroyed) this.response.end();
    };
    if (this.#record) this.#record.rest = end;
    else end();
  }

  /** The answer of another run of the same request. */
  replay(
    { status, contentType, requestId }: { status: number; contentType: string; requestId: string },
    body: Buffer,
  ): void {
    const { response } = this;
    if (response.destroyed) return;
    const length = String(body.length);
    const headers = this.headers({
      "content-type": contentType,
      "content-length": length,
      "idempotent-replayed": "true",
    });
    response.writeHead(status, { ...headers, "x-request-id": requestId });
    response.end(body);
  }

  asked(attempt: number): void {
    this.attempts = attempt;
    this.#overheadMs ??= this.#deps.clock.monotonicMs() - this.startedMs;
  }

  headers(more: Record<string, string>): Record<string, string> {
    const overheadMs = this.#overheadMs ?? this.#deps.clock.monotonicMs() - this.startedMs;
    return {
      ...more,
      "x-request-id": this.requestId,
      "x-attempts": String(this.attempts),
      "x-overhead-ms": String(Math.round(overheadMs)),
      "x-content-type-options": "nosniff",
    };
  }

  json(status: number, body: Uint8Array | string, more: Record<string, string> = {}): void {
    const { request } = this;
    if (this.hasBegun) return;
    const headers = { "content-type": "application/json", "cache-control": "no-store", ...more };
    if (this.#record) {
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      Object.assign(this.#record, {
        status,
        contentType: headers["content-type"],
        rest: () => this.json(status, body, more),
      });
      this.#record.parts.push(bytes);
      return;
    }
    this.begin(status, { ...headers, "content-length": String(Buffer.byteLength(body)) });
    this.write(body);
    this.end();
    if (request.complete) return;
    // Node reads and drops the rest of the body, however long it is.
    const cancel = this.#deps.clock.after(refusedBodyMs, () => {
      if (!request.complete) request.socket.destroy();
    });
    // When the body has ended or the connection has. At the socket, each request of a connection would leave a listener.
    request.once("close", cancel);
  }

  fail(error: OpenAiError): void {
    const { status, retryAfterMs } = error;
    const isLater = retryAfterMs !== undefined || status === 429 || status === 503;
    this.json(status, bodyOfError(error), isLater ? { "retry-after": retryAfterSeconds(retryAfterMs ?? 1_000) } : {});
  }

  /** Answers an error of this server. */
  refuse(thrown: unknown, where: string): void {
    const error = this.#deps.envelopes.explain(thrown, this.requestId, where);
    const status = statusOn(v1, error);
    this.json(status, JSON.stringify(v1.failure({ error, status, partOf: () => "body" })), headersFor(error));
  }
}

export function invalid(field: string, expected: string): DomainError {
  return new DomainError("common.invalid", { details: [{ field, expected }] });
}
