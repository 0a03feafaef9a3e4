// Reads the events of an answer as they come: which one is content, which one is an error, and whether the answer has ended.
import { type ChatTally, type Chunk, createChatTally, reasonOf } from "./chunk.ts";
import { errorFields, type Failure, failureOf, garbled } from "./failure.ts";
import type { SseEvent } from "./sse.ts";
import { type EndReason, noUsage, type Usage } from "./usage.ts";
import { usageOf } from "./usage-of.ts";

/** content: from here on nothing is tried again unseen. junk: no event of the protocol. end: nothing follows. */
export type EventKind = "content" | "meta" | "junk" | "end";

export interface AnswerReader {
  read(event: SseEvent): EventKind | Failure;
  /** The event that was read last, where it was a JSON object. */
  readonly chunk: Chunk | undefined;
  /** Undefined while the answer has no end. */
  endReason(): EndReason | undefined;
  /** Reads an answer that came whole. Undefined: it is one. */
  readWhole(body: unknown): Failure | undefined;
  /** As the upstream reported it. */
  readonly usage: Usage | undefined;
  readonly outputTokens: number;
  readonly model: string | undefined;
}

/** Parses data that begins with `{`. Undefined when the data is no JSON. */
export function parseEvent(data: string): Chunk | undefined {
  try {
    return JSON.parse(data) as Chunk;
  } catch {
    return undefined;
  }
}
export const noJson = garbled("The model's server sent an event that is no JSON.");

/** Chat completions. */
export function createChatReader(): AnswerReader {
  return new ChatReader();
}

class ChatReader implements AnswerReader {
  chunk: Chunk | undefined;
  readonly #tally: ChatTally = createChatTally();

  read({ data, name }: SseEvent): EventKind | Failure {
    this.chunk = undefined;
    if (data === "[DONE]") {
      this.#tally.isDone = true;
      return "end";
    }
    if (data.charCodeAt(0) !== 123) return "junk";
    const chunk = parseEvent(data);
    if (!chunk) return noJson;
    if (isError(chunk, name)) return failureOf(200, errorFields(chunk));
    this.chunk = chunk;
    return this.#tally.add(chunk) ? "content" : "meta";
  }

  endReason(): EndReason | undefined {
    const { finishReason, isDone, outputTokens } = this.#tally;
    // An end mark after nothing is no answer.
    return reasonOf(finishReason) ?? (isDone && outputTokens > 0 ? "unknown" : undefined);
  }

  readWhole(body: unknown): Failure | undefined {
    if (typeof body !== "object" || body === null) return garbled("The model's server answered no JSON object.");
    const { choices, usage, id, model } = body as Chunk;
    if (isError(body as Chunk, undefined)) return failureOf(200, errorFields(body));
    if (!Array.isArray(choices)) return garbled("The model's server answered no chat completion.");
    const deltas = (choices as readonly { message?: object; finish_reason?: string }[]).map((choice) => ({
      delta: choice?.message,
      finish_reason: choice?.finish_reason ?? "unknown",
    }));
    this.#tally.add({ id, model, usage, choices: deltas as Chunk["choices"] });
    return undefined;
  }

  get usage(): Usage | undefined {
    return this.#tally.usage;
  }
  get outputTokens(): number {
    return Math.ceil(this.#tally.outputTokens);
  }
  get model(): string | undefined {
    return this.#tally.model;
  }
}

function isError(body: Chunk, name: string | undefined): boolean {
  return Boolean(body.error) || name === "error" || body.object === "error";
}

/** Embeddings and images: answers that come whole, or as events whose last one is named `….completed`. */
export function createPlainReader(): AnswerReader {
  let usage: Usage | undefined;
  let model: string | undefined;
  let reason: EndReason | undefined;
  return {
    chunk: undefined,
    read({ data, name = "" }) {
      if (data.charCodeAt(0) !== 123) return data === "[DONE]" ? "end" : "junk";
      // A partial image is megabytes long, and its name says that it is none of the others.
      if (/partial_image$/.test(name)) return "content";
      const event = parseEvent(data);
      if (!event) return noJson;
      if (isError(event, name)) return failureOf(200, errorFields(event));
      if (!/\.completed$/.test(name || String(event.type))) return "content";
      usage = { ...(usageOf(event.usage) ?? noUsage), images: 1 + (usage?.images ?? 0) };
      reason = "stop";
      return "content";
    },
    endReason: () => reason,
    readWhole(body) {
      if (typeof body !== "object" || body === null) return garbled("The model's server answered no JSON object.");
      const { data, model: named, usage: counted } = body as { data?: unknown; model?: unknown; usage?: unknown };
      if (isError(body as Chunk, undefined)) return failureOf(200, errorFields(body));
      usage = usageOf(counted);
      if (typeof named === "string") model = named;
      const isImages =
        Array.isArray(data) && data.some((each) => each?.b64_json !== undefined || each?.url !== undefined);
      reason = "stop";
      if (isImages) usage = { ...(usage ?? noUsage), images: data.length };
      return undefined;
    },
    get usage() {
      return usage;
    },
    outputTokens: 0,
    get model() {
      return model;
    },
  };
}
