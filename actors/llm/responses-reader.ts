// Reads the events of /v1/responses (https://platform.openai.com/docs/api-reference/responses-streaming).
import { type Chunk, guessTokens, reasonOf } from "./chunk.ts";
import { errorFields, type Failure, failureOf, garbled } from "./failure.ts";
import { type AnswerReader, type EventKind, noJson, parseEvent } from "./reader.ts";
import type { SseEvent } from "./sse.ts";
import type { EndReason, Usage } from "./usage.ts";
import { usageOf } from "./usage-of.ts";

interface ResponseBody {
  id?: unknown;
  status?: unknown;
  model?: unknown;
  error?: unknown;
  usage?: unknown;
  output?: unknown;
  incomplete_details?: { reason?: unknown } | null;
}
interface ResponseEvent {
  type?: string;
  response?: ResponseBody;
  delta?: unknown;
}

export interface ResponsesReader extends AnswerReader {
  /** The upstream's id of the response. */
  readonly upstreamId: string | undefined;
  /** The response at its end. */
  readonly body: object | undefined;
}

/** Events that say nothing of the answer yet. */
const opening = new Set(["response.created", "response.queued", "response.in_progress"]);
/** An event above this size is a picture, and its name says what it is. */
const maxParsedChars = 1_000_000;

export function createResponsesReader(): ResponsesReader {
  return new Reader();
}

class Reader implements ResponsesReader {
  chunk: Chunk | undefined;
  usage: Usage | undefined;
  model: string | undefined;
  upstreamId: string | undefined;
  body: object | undefined;
  #tokens = 0;
  #reason: EndReason | undefined;

  get outputTokens(): number {
    return Math.ceil(this.#tokens);
  }
  endReason(): EndReason | undefined {
    return this.#reason;
  }

  read({ data, name }: SseEvent): EventKind | Failure {
    this.chunk = undefined;
    if (data === "[DONE]") return "end";
    if (data.charCodeAt(0) !== 123) return "junk";
    if (data.length > maxParsedChars && name !== undefined && !/\.(completed|incomplete|failed|done)$/.test(name)) {
      return "content";
    }
    const event = parseEvent(data);
    if (!event) return noJson;
    this.chunk = event;
    const { type = name ?? "", response, delta } = event as ResponseEvent;
    if (type === "error" || event.error) return failureOf(200, errorFields(event));
    if (response) {
      const failure = this.#readBody(response);
      if (failure) return failure;
    }
    if (opening.has(type)) return "meta";
    if (response && /^response\.(completed|incomplete|done)$/.test(type)) {
      this.body = response;
      this.#reason = endOf(response);
      return "content";
    }
    this.#tokens += guessTokens(delta);
    return "content";
  }

  readWhole(body: unknown): Failure | undefined {
    if (typeof body !== "object" || body === null) return garbled("The model's server answered no JSON object.");
    const response = body as ResponseBody;
    const failure = this.#readBody(response);
    if (failure) return failure;
    if (typeof response.id !== "string") return garbled("The model's server answered no response.");
    this.body = response;
    this.#reason = endOf(response);
    return undefined;
  }

  #readBody({ id, model, usage, error, status }: ResponseBody): Failure | undefined {
    if (typeof id === "string") this.upstreamId ??= id;
    if (typeof model === "string") this.model ??= model;
    if (usage) this.usage = usageOf(usage) ?? this.usage;
    if (error || status === "failed") return failureOf(200, errorFields(error ? { error } : {}));
    return undefined;
  }
}

function endOf({ status, output, incomplete_details: details }: ResponseBody): EndReason {
  if (status === "incomplete") return reasonOf(String(details?.reason ?? "")) ?? "unknown";
  const calls = Array.isArray(output) && output.some((item) => /_call$/.test(String(item?.type)));
  return calls ? "tool_calls" : "stop";
}
