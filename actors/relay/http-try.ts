// One try at an upstream of OpenAI's format, over HTTP: a stream of events, or a whole answer.

import { errorFields, type Failure, failureOf, garbled } from "../llm/failure.ts";
import type { AnswerReader } from "../llm/reader.ts";
import { createEventCutter, type EventCutter, EventTooLarge, type SseEvent } from "../llm/sse.ts";
import type { Clock } from "../runtime/ports.ts";
import { joinBytes } from "../shared/join-bytes.ts";
import type { TryEnd } from "./intake.ts";
import { Intake, type Sink } from "./intake.ts";
import type { RelayLimits } from "./limits.ts";
import type { Headers, Transport, UpstreamCall, UpstreamControl, UpstreamHandler } from "./ports.ts";
import { type SilenceWatch, watchSilence } from "./silence.ts";

/** What a try left behind. */
export interface TryResult {
  end: TryEnd;
  /** The status of the upstream, 0 when it gave none. */
  status: number;
  /** Content reached the sink. */
  hasBegun: boolean;
  /** When the first content came, on the clock's monotonic time. */
  firstMs?: number;
  /** An answer that came whole, as it came. */
  whole?: WholeAnswer;
}
export interface WholeAnswer {
  bytes: Uint8Array;
  contentType: string;
  json: unknown;
}

export interface TryDeps {
  transport: Transport;
  clock: Clock;
  limits: RelayLimits;
  retryAfterOf: (headers: Headers, body: unknown) => number | undefined;
}

/** Bytes of an error's body that are read. */
const maxErrorBytes = 64 * 1024;
/** ms in which an upstream may end its connection after the end of its answer, so that the connection can be used again. */
const lingerMs = 2_000;
const decoder = new TextDecoder();

export function tryOverHttp(
  deps: TryDeps,
  call: UpstreamCall,
  { reader, sink, signal }: { reader: AnswerReader; sink: Sink; signal: AbortSignal },
): Promise<TryResult> {
  return new HttpTry(deps, reader, sink).run(call, signal);
}

class HttpTry implements UpstreamHandler {
  readonly #deps: TryDeps;
  readonly #reader: AnswerReader;
  readonly #sink: Sink;
  readonly #intake: Intake;
  readonly #watch: SilenceWatch;
  #control: UpstreamControl | undefined;
  #status = 0;
  #headers: Headers = {};
  /** Undefined before the head of the answer. */
  #mode: "events" | "whole" | "error" | undefined;
  #cutter: EventCutter | undefined;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #whole: WholeAnswer | undefined;
  #firstMs: number | undefined;
  #resolve: (result: TryResult) => void = () => {};
  #isOver = false;
  #isFlushDue = false;

  constructor(deps: TryDeps, reader: AnswerReader, sink: Sink) {
    this.#deps = deps;
    this.#reader = reader;
    this.#sink = sink;
    const intake = new Intake(reader, sink, deps.limits);
    this.#intake = intake;
    this.#watch = watchSilence(
      { clock: deps.clock, limits: deps.limits, isSinkWaiting: () => intake.isWaiting },
      (failure) => {
        this.#control?.abort();
        this.#close(failure);
      },
    );
  }

  run(call: UpstreamCall, signal: AbortSignal): Promise<TryResult> {
    const { promise, resolve } = Promise.withResolvers<TryResult>();
    const leave = () => this.#finish({ kind: "left" });
    this.#resolve = (result) => {
      signal.removeEventListener("abort", leave);
      resolve(result);
    };
    signal.addEventListener("abort", leave);
    this.#control = this.#deps.transport.send(call, this);
    if (signal.aborted) leave();
    return promise;
  }

  head(status: number, headers: Headers): void {
    if (this.#isOver) return;
    this.#status = status;
    this.#headers = headers;
    const type = contentTypeOf(headers);
    if (status < 200 || status >= 300) this.#mode = "error";
    else if (/^(application\/([\w.-]+\+)?json|text\/html)/.test(type)) this.#mode = "whole";
    else {
      this.#mode = "events";
      this.#cutter = createEventCutter((event) => this.#take(event), this.#deps.limits);
      this.#sink.alive?.();
    }
  }

  data(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#mode !== "events") return void this.#gather(bytes);
    try {
      this.#cutter?.push(bytes);
    } catch (error) {
      if (!(error instanceof EventTooLarge)) throw error;
      return void this.#finish(this.#intake.close(garbled("The model's server sent an event that is too large.")));
    }
    this.#afterEvents();
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#mode === "error") return void this.#finish({ kind: "failed", failure: this.#refusal() });
    if (this.#mode === "whole") return void this.#finish(this.#readWhole());
    this.#cutter?.end();
    this.#close();
  }

  fail(kind: "unreachable" | "lost" | "cut" | "garbled", message: string): void {
    if (this.#isOver) return;
    // The status says enough when the body of an error broke off.
    if (this.#mode === "error") return void this.#finish({ kind: "failed", failure: this.#refusal() });
    this.#close({ kind, status: 0, message });
  }

  #take(event: SseEvent): void {
    if (this.#isOver) return;
    if (!this.#intake.take(event)) return;
    this.#watch.piece();
    if (this.#intake.hasBegun) this.#firstMs ??= this.#watch.lastMs;
  }

  /** Every event of one read was given. */
  #afterEvents(): void {
    const { end } = this.#intake;
    if (this.#intake.isWaiting) {
      this.#control?.pause();
      void this.#intake.free().then(() => {
        if (this.#isOver) return;
        if (this.#intake.end) this.#close();
        else {
          this.#watch.piece();
          this.#control?.resume();
        }
      });
    } else if (end) this.#close();
    else this.#flushSoon();
  }

  /** One read of the connection brings many pieces, one after another: what they bring is written once. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    void Promise.resolve().then(() => {
      this.#isFlushDue = false;
      if (!this.#isOver) this.#intake.flush();
    });
  }

  #close(how?: Failure): void {
    if (this.#intake.isWaiting) {
      void this.#intake.free().then(() => {
        if (!this.#isOver) this.#close(how);
      });
      return;
    }
    const end = this.#intake.close(how);
    if (this.#intake.isWaiting) void this.#intake.free().then(() => this.#finish(end));
    else this.#finish(end);
  }

  #gather(bytes: Uint8Array): void {
    this.#partBytes += bytes.length;
    if (this.#mode === "error") {
      if (this.#partBytes <= maxErrorBytes) this.#parts.push(bytes);
      return;
    }
    if (this.#partBytes > this.#deps.limits.maxAnswerBytes) {
      return void this.#finish({
        kind: "failed",
        failure: garbled("The model's server sent an answer that is too large."),
      });
    }
    this.#parts.push(bytes);
    // Blank lines are signs of life, and no part of the answer.
    if (this.#watch.hasPiece || bytes.some((byte) => byte > 32)) this.#watch.piece();
  }

  #readWhole(): TryEnd {
    const bytes = joinBytes(this.#parts);
    let body: unknown;
    try {
      body = JSON.parse(decoder.decode(bytes));
    } catch {
      return { kind: "failed", failure: garbled("The model's server answered no JSON.") };
    }
    const failure = this.#reader.readWhole(body);
    if (!failure) {
      this.#whole = { bytes, contentType: contentTypeOf(this.#headers), json: body };
      return { kind: "complete", reason: this.#reader.endReason() ?? "unknown" };
    }
    return { kind: "failed", failure: { ...failure, retryAfterMs: this.#deps.retryAfterOf(this.#headers, body) } };
  }

  #refusal(): Failure {
    const text = decoder.decode(joinBytes(this.#parts));
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = undefined; // a page of a proxy, mostly
    }
    if (this.#status < 400) {
      const message = `The model's server answered ${this.#status}, and redirects are not followed.`;
      return { kind: "server_error", status: this.#status, message };
    }
    return failureOf(this.#status, errorFields(body), this.#deps.retryAfterOf(this.#headers, body));
  }

  #finish(end: TryEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.cancel();
    const control = this.#control;
    // After a clean end the connection is read to its end, so that it can be used again.
    if (end.kind === "complete" && this.#mode === "events") this.#deps.clock.after(lingerMs, () => control?.abort());
    else control?.abort();
    this.#resolve({
      end,
      status: this.#status,
      hasBegun: this.#intake.hasBegun,
      firstMs: this.#firstMs,
      ...(this.#whole && { whole: this.#whole }),
    });
  }
}

function contentTypeOf(headers: Headers): string {
  const type = headers["content-type"];
  return ((Array.isArray(type) ? type[0] : type) ?? "").toLowerCase();
}
