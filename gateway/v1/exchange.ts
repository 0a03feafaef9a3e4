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

  constructor(deps: ExchangeDeps, request: IncomingMessage, response: ServerResponse, requestId: string) {
    this.#deps = deps;
    this.request = request;
    this.response = response;
    this.requestId = requestId;
    this.startedMs = deps.clock.monotonicMs();
    // A model may think for longer than a client may be silent.
    request.socket.setTimeout(0);
    response.once("close", () => {
      if (!response.writableFinished) this.#gone.abort();
    });
  }

  /** Aborts when the client has left. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }
  leave(): void {
    this.response.destroy();
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
    const { request, response } = this;
    if (response.headersSent || response.destroyed) return;
    const headers = { "content-type": "application/json", "cache-control": "no-store", ...more };
    response.writeHead(status, this.headers({ ...headers, "content-length": String(Buffer.byteLength(body)) }));
    response.end(body);
    if (request.complete) return;
    // Node reads and drops the rest of the body, however long it is.
    const cancel = this.#deps.clock.after(refusedBodyMs, () => {
      if (!request.complete) request.socket.destroy();
    });
    request.socket.once("close", cancel);
    request.once("end", cancel);
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
