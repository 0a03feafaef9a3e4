// One answer as it comes in, event by event. What comes before the first content is held back, so that another upstream can
// take over unseen; from then on every event goes to the sink at once.
import type { Chunk } from "../llm/chunk.ts";
import type { Failure } from "../llm/failure.ts";
import type { AnswerReader } from "../llm/reader.ts";
import type { SseEvent } from "../llm/sse.ts";
import type { EndReason } from "../llm/usage.ts";

/** Takes an answer: the client of a pass-through, the reply of a conversation, or the builder of a whole answer. */
export interface Sink {
  /** The upstream has accepted the request and streams: signs of life may go out. May be called again by a later try. */
  alive?(): void;
  /** Returns a promise to be given nothing more until it resolves. `chunk`: the event as JSON, where it is an object. */
  event(event: SseEvent, chunk: Chunk | undefined): Promise<void> | undefined;
  /** All that was at hand was given: time to write. */
  flush?(): void;
}

export type TryEnd =
  | { kind: "complete"; reason: EndReason }
  | { kind: "failed"; failure: Failure }
  /** The caller's signal. */
  | { kind: "left" };

export class Intake {
  /** Content has reached the sink. */
  hasBegun = false;
  readonly #reader: AnswerReader;
  readonly #sink: Sink;
  readonly #maxHeldBytes: number;
  #held: { event: SseEvent; chunk: Chunk | undefined }[] = [];
  #heldBytes = 0;
  /** Events that wait for the sink. */
  #waiting: SseEvent[] = [];
  #isWaiting = false;
  #onFree: (() => void) | undefined;
  #end: TryEnd | undefined;

  constructor(reader: AnswerReader, sink: Sink, { maxHeldBytes }: { maxHeldBytes: number }) {
    this.#reader = reader;
    this.#sink = sink;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** Set when the events themselves say that nothing follows. */
  get end(): TryEnd | undefined {
    return this.#end;
  }
  /** The sink waits: `free` resolves when it goes on. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }
  free(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFree = resolve;
    });
  }

  /** True for an event of the protocol. */
  take(event: SseEvent): boolean {
    if (this.#end) return false;
    if (this.#isWaiting) {
      this.#waiting.push(event);
      return true;
    }
    const kind = this.#reader.read(event);
    if (typeof kind === "object") {
      this.#end = { kind: "failed", failure: kind };
      return true;
    }
    if (kind === "junk") return false;
    const reason = kind === "end" ? this.#reader.endReason() : undefined;
    if (reason !== undefined) this.#end = { kind: "complete", reason };
    this.#pass(event, kind === "content");
    return true;
  }

  flush(): void {
    if (this.hasBegun && !this.#isWaiting) this.#sink.flush?.();
  }

  /** The stream is over. `how`: undefined after a clean end. */
  close(how?: Failure): TryEnd {
    if (this.#end) {
      if (this.#end.kind === "complete") this.#release();
      return this.#end;
    }
    const reason = this.#reader.endReason();
    if (reason !== undefined) {
      this.#release();
      return { kind: "complete", reason };
    }
    const failure: Failure = how ?? {
      kind: "cut",
      status: 0,
      message: "The model's server ended its answer too early.",
    };
    return { kind: "failed", failure };
  }

  #pass(event: SseEvent, isContent: boolean): void {
    if (!this.hasBegun) {
      this.#held.push({ event, chunk: this.#reader.chunk });
      this.#heldBytes += event.bytes.length;
      if (isContent || this.#heldBytes > this.#maxHeldBytes || this.#end?.kind === "complete") this.#release();
      return;
    }
    this.#give(event, this.#reader.chunk);
  }

  #release(): void {
    this.hasBegun = true;
    while (!this.#isWaiting) {
      const next = this.#held.shift();
      if (!next) return;
      this.#give(next.event, next.chunk);
    }
  }

  #give(event: SseEvent, chunk: Chunk | undefined): void {
    const wait = this.#sink.event(event, chunk);
    if (wait === undefined) return;
    this.#isWaiting = true;
    const goOn = () => this.#goOn();
    void wait.then(goOn, () => {
      // A sink that fails takes nothing any more.
      this.#end = { kind: "left" };
      goOn();
    });
  }

  #goOn(): void {
    this.#isWaiting = false;
    if (this.#end?.kind !== "left") this.#release();
    if (!this.#isWaiting) for (const event of this.#waiting.splice(0)) this.take(event);
    if (this.#isWaiting) return;
    this.flush();
    this.#onFree?.();
    this.#onFree = undefined;
  }
}
