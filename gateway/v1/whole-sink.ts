// An answer for a client that asked for no stream: as the upstream wrote it, or put together where the upstream streamed.
import { createAnswerBuilder } from "../../actors/llm/answer.ts";
import type { Chunk } from "../../actors/llm/chunk.ts";
import type { SseEvent } from "../../actors/llm/sse.ts";
import type { RelaySink } from "../../actors/relay/contract.ts";
import type { Exchange } from "./exchange.ts";

export class WholeSink implements RelaySink {
  readonly #exchange: Exchange;
  #builder = createAnswerBuilder();
  /** Nothing leaves before the end, so a new try may begin at any time. */
  readonly canReset = true;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  attempt(number: number): void {
    this.#exchange.asked(number);
    this.#builder = createAnswerBuilder();
  }

  event(_: SseEvent, chunk: Chunk | undefined): undefined {
    if (chunk) this.#builder.add(chunk);
  }

  /** Throws AmbiguousToolCall. */
  built(): string {
    return JSON.stringify(this.#builder.finish());
  }
}
