// The AI SDK's stream as events of a provider.
import type { ProviderEvent } from "../../../actors/llm/contract.ts";
import type { EndReason, Usage } from "../../../actors/llm/usage.ts";
import type { StreamPart } from "./model.ts";
import { errorOf } from "./refusal.ts";

type FinishPart = Extract<StreamPart, { type: "finish" }>;

/** Reads one stream. A part that is an error is thrown. */
export class EventReader {
  readonly #key: string;
  /** Index of each call, in the order in which the calls came. */
  readonly #calls = new Map<string, number>();
  #model: string | undefined;

  /** The key of the request never leaves in an error's text. */
  constructor(key: string) {
    this.#key = key;
  }

  read(part: StreamPart): ProviderEvent[] {
    switch (part.type) {
      case "response-metadata":
        this.#model = part.modelId ?? this.#model;
        return [];
      case "text-delta":
        return part.delta === "" ? [] : [{ type: "delta", delta: { type: "text", text: part.delta } }];
      case "reasoning-delta":
        return part.delta === "" ? [] : [{ type: "delta", delta: { type: "reasoning", text: part.delta } }];
      case "tool-input-start":
        return [this.#begin(part.id, part.toolName)];
      case "tool-input-delta":
        return part.delta === "" ? [] : [this.#go(part.id, part.delta)];
      case "tool-call":
        // Some providers give a call at once, others in pieces and then once more whole.
        return this.#calls.has(part.toolCallId)
          ? []
          : [this.#begin(part.toolCallId, part.toolName), this.#go(part.toolCallId, part.input)];
      case "finish":
        return this.#finish(part);
      case "error":
        throw errorOf(part.error, this.#key);
      default:
        return [];
    }
  }

  #begin(id: string, name: string): ProviderEvent {
    const index = this.#calls.size;
    this.#calls.set(id, index);
    return { type: "delta", delta: { type: "tool_call", index, id, name } };
  }

  #go(id: string, text: string): ProviderEvent {
    return { type: "delta", delta: { type: "tool_call", index: this.#calls.get(id) ?? 0, arguments: text } };
  }

  /** An answer that was cut has no finish. */
  #finish({ finishReason, usage }: FinishPart): ProviderEvent[] {
    const counted = usageOf(usage);
    const used: ProviderEvent[] = counted ? [{ type: "usage", usage: counted }] : [];
    if (finishReason.unified === "interrupted" || finishReason.unified === "error") return used;
    const reason = reasons[finishReason.unified];
    return [...used, { type: "finish", reason, ...(this.#model !== undefined && { model: this.#model }) }];
  }
}

const reasons: Record<Exclude<FinishPart["finishReason"]["unified"], "interrupted" | "error">, EndReason> = {
  stop: "stop",
  length: "length",
  "content-filter": "content_filter",
  "tool-calls": "tool_calls",
  other: "unknown",
};

/** Undefined: the provider has reported none. */
function usageOf({ inputTokens: input, outputTokens: output }: FinishPart["usage"]): Usage | undefined {
  if (input.total === undefined && output.total === undefined) return undefined;
  const { cacheRead = 0, cacheWrite = 0 } = input;
  return {
    inputTokens: input.noCache ?? Math.max(0, (input.total ?? 0) - cacheRead - cacheWrite),
    ...(cacheRead > 0 && { cachedInputTokens: cacheRead }),
    ...(cacheWrite > 0 && { cacheWriteTokens: cacheWrite }),
    outputTokens: output.total ?? (output.text ?? 0) + (output.reasoning ?? 0),
    ...(output.reasoning && { reasoningTokens: output.reasoning }),
  };
}
