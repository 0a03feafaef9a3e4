// A streamed answer on its way to a client: the upstream's own bytes, event by event. Nothing is written before the upstream's
// answer is known, and then nothing of this server's stands inside an event.
import type { Chunk } from "../../actors/llm/chunk.ts";
import type { Failure } from "../../actors/llm/failure.ts";
import { type SseEvent, writeEvent } from "../../actors/llm/sse.ts";
import type { RelaySink } from "../../actors/relay/contract.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import type { V1Limits } from "../v1-ports.ts";
import { bodyOfError, errorOfFailure } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;
const keepAlive = ": keep-alive\n\n";
const done = writeEvent({ data: "[DONE]" });

export interface StreamFormat {
  /** The event as the client gets it; undefined: not at all. */
  rewrite(event: SseEvent, chunk: Chunk | undefined): Uint8Array | undefined;
  /** An error inside the stream. */
  failure(failure: Failure): Uint8Array;
  /** A stream ends with [DONE]. */
  needsDone: boolean;
}

/** Events as they came, and errors as chat completions have them. */
export const plainFormat: StreamFormat = {
  rewrite: ({ bytes }) => bytes,
  failure: (failure) => writeEvent({ data: bodyOfError(errorOfFailure(failure)) }),
  needsDone: false,
};

export class StreamSink implements RelaySink {
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #limits: V1Limits;
  readonly #format: StreamFormat;
  #pending: Uint8Array[] = [];
  #hasDone = false;
  #lastWriteMs = 0;
  #cancelKeepAlive = () => {};
  /** Resolves when the client reads again. */
  #drained: Promise<void> | undefined;

  constructor(exchange: Exchange, { clock, limits, format }: { clock: Clock; limits: V1Limits; format: StreamFormat }) {
    this.#exchange = exchange;
    this.#clock = clock;
    this.#limits = limits;
    this.#format = format;
  }

  attempt(number: number): void {
    this.#exchange.asked(number);
  }

  /** From now on the client may see that somebody is at work. */
  alive(): void {
    if (this.#lastWriteMs > 0) return;
    this.#lastWriteMs = this.#clock.monotonicMs();
    this.#watch(this.#limits.keepAliveMs);
  }

  event(event: SseEvent, chunk: Chunk | undefined): Promise<void> | undefined {
    if (event.data === "[DONE]") this.#hasDone = true;
    const bytes = this.#format.rewrite(event, chunk);
    if (bytes) this.#pending.push(bytes);
    return this.#drained;
  }

  flush(): void {
    const [first] = this.#pending;
    if (!first) return;
    const bytes = this.#pending.length === 1 ? first : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#write(bytes);
  }

  complete(): void {
    if (this.#format.needsDone && !this.#hasDone) this.#pending.push(done);
    this.flush();
    this.#end();
  }

  /** False: nothing was written yet, and the answer may have a status of its own. */
  fail(failure: Failure): boolean {
    if (!this.#exchange.hasBegun && this.#pending.length === 0) {
      this.#cancelKeepAlive();
      return false;
    }
    this.#pending.push(this.#format.failure(failure));
    this.flush();
    this.#end();
    return true;
  }

  stop(): void {
    this.#cancelKeepAlive();
  }

  #write(bytes: Uint8Array | string): void {
    this.#open();
    this.#lastWriteMs = this.#clock.monotonicMs();
    if (!this.#exchange.write(bytes) && !this.#drained) this.#awaitDrain();
  }

  #open(): void {
    if (!this.#exchange.hasBegun) this.#exchange.begin(200, streamHeaders);
  }

  #awaitDrain(): void {
    const { response } = this.#exchange;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = promise;
    const cancel = this.#clock.after(this.#limits.writeStallMs, () => this.#exchange.leave());
    const go = () => {
      cancel();
      response.off("drain", go);
      response.off("close", go);
      this.#drained = undefined;
      resolve();
    };
    response.once("drain", go);
    response.once("close", go);
  }

  #watch(afterMs: number): void {
    this.#cancelKeepAlive = this.#clock.after(afterMs, () => {
      const leftMs = this.#lastWriteMs + this.#limits.keepAliveMs - this.#clock.monotonicMs();
      if (leftMs <= 0 && !this.#drained) this.#write(keepAlive);
      this.#watch(Math.max(leftMs > 0 ? leftMs : this.#limits.keepAliveMs, 10));
    });
  }

  #end(): void {
    this.#cancelKeepAlive();
    this.#open();
    this.#exchange.end();
  }
}

/**
 * The failure inside a stream that has begun, else an answer with a status of its own. `isForAnotherTry`: the same request may
 * succeed another time, so under its Idempotency-Key it is tried again.
 */
export function answerFailure(
  exchange: Exchange,
  {
    failure,
    stream,
    isForAnotherTry,
  }: { failure: Failure; stream?: StreamSink | undefined; isForAnotherTry?: boolean },
): void {
  if (isForAnotherTry ?? failure.kind !== "client") exchange.forgetAnswer();
  if (!stream?.fail(failure)) exchange.fail(errorOfFailure(failure));
}
