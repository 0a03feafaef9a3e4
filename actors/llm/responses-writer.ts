// Writes the events of /v1/responses from the pieces of a chat completion. Texts and reasoning end where another piece begins; tool
// calls end with the answer, because upstreams mix the pieces of parallel ones.
import type { Delta } from "./chat.ts";
import type { AssembledCall } from "./tool-calls.ts";
import { answerTokensOf, type EndReason, promptTokensOf, tokensOf, type Usage } from "./usage.ts";

export interface ResponsesEvent {
  type: string;
  sequence_number: number;
  [field: string]: unknown;
}

interface ResponsesWriter {
  add(delta: Delta): ResponsesEvent[];
  /** The last events; `body` is whole then. */
  finish(end: { reason: EndReason; usage: Usage; calls: readonly AssembledCall[] }): ResponsesEvent[];
  /** The response as it is now. */
  readonly body: object;
}

type Item = { id: string; index: number; text: string } & (
  | { kind: "text" | "reasoning" }
  | { kind: "tool_call"; call: number; callId: string; name: string }
);

/** `base`: the response without what this adds, with its id. */
export function createResponsesWriter(base: { id: string; [field: string]: unknown }): ResponsesWriter {
  return new Writer(base);
}

class Writer implements ResponsesWriter {
  body: object;
  readonly #base: { id: string };
  #seq = 0;
  readonly #output: object[] = [];
  readonly #items: Item[] = [];
  /** The text or the reasoning that grows. */
  #open: Item | undefined;
  #hasBegun = false;

  constructor(base: { id: string }) {
    this.#base = base;
    this.body = this.#bodyOf("in_progress");
  }

  add(delta: Delta): ResponsesEvent[] {
    const events = this.#begin();
    const { item, opening } = this.#itemOf(delta);
    events.push(...opening);
    const piece = delta.type === "tool_call" ? (delta.arguments ?? "") : delta.text;
    item.text += piece;
    if (piece !== "") events.push(this.#event(deltaTypes[item.kind], { ...placeOf(item), delta: piece }));
    return events;
  }

  finish({ reason, usage, calls }: Parameters<ResponsesWriter["finish"]>[0]): ResponsesEvent[] {
    const events = this.#begin();
    events.push(...this.#close());
    for (const item of this.#items) {
      if (item.kind !== "tool_call") continue;
      const call = calls[item.call];
      if (call) Object.assign(item, { text: call.function.arguments, name: call.function.name });
      events.push(...this.#end(item));
    }
    const cause = incompleteBy[reason];
    const status = cause === undefined ? "completed" : "incomplete";
    const details = cause === undefined ? null : { reason: cause };
    this.body = this.#bodyOf(status, { incomplete_details: details, usage: usageOf(usage) });
    events.push(this.#event(`response.${status}`, { response: this.body }));
    return events;
  }

  #begin(): ResponsesEvent[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    const response = this.body;
    return [this.#event("response.created", { response }), this.#event("response.in_progress", { response })];
  }

  #itemOf(delta: Delta): { item: Item; opening: ResponsesEvent[] } {
    const known =
      delta.type === "tool_call"
        ? this.#items.find((each) => each.kind === "tool_call" && each.call === delta.index)
        : this.#open?.kind === delta.type
          ? this.#open
          : undefined;
    if (known) return { item: known, opening: [] };
    const opening = this.#close();
    const index = this.#items.length;
    const id = `${prefixes[delta.type]}_${this.#base.id.slice(5)}_${index}`;
    const item: Item =
      delta.type === "tool_call"
        ? {
            ...{ id, index, text: "", kind: delta.type, call: delta.index },
            ...{ callId: delta.id ?? `call_${delta.index}`, name: delta.name ?? "" },
          }
        : { id, index, text: "", kind: delta.type };
    this.#items.push(item);
    this.#output.push(shown(item, "in_progress"));
    opening.push(this.#event("response.output_item.added", { output_index: index, item: shown(item, "in_progress") }));
    if (item.kind !== "tool_call") {
      this.#open = item;
      opening.push(
        this.#event("response.content_part.added", { ...placeOf(item), part: partOf({ ...item, text: "" }) }),
      );
    }
    return { item, opening };
  }

  #close(): ResponsesEvent[] {
    const open = this.#open;
    this.#open = undefined;
    return open ? this.#end(open) : [];
  }

  #end(item: Item): ResponsesEvent[] {
    const done = shown(item, "completed");
    this.#output[item.index] = done;
    const place = placeOf(item);
    const whole =
      item.kind === "tool_call"
        ? [this.#event("response.function_call_arguments.done", { ...place, arguments: item.text, name: item.name })]
        : [
            this.#event(doneTypes[item.kind], { ...place, text: item.text }),
            this.#event("response.content_part.done", { ...place, part: partOf(item) }),
          ];
    return [...whole, this.#event("response.output_item.done", { output_index: item.index, item: done })];
  }

  #bodyOf(status: string, more: object = {}): object {
    const body = { ...this.#base, object: "response", status, error: null, incomplete_details: null };
    return { ...body, output: [...this.#output], ...more };
  }

  #event(type: string, fields: object): ResponsesEvent {
    this.#seq += 1;
    return { type, sequence_number: this.#seq - 1, ...fields };
  }
}

const prefixes = { text: "msg", reasoning: "rs", tool_call: "fc" } as const;
const deltaTypes = {
  text: "response.output_text.delta",
  reasoning: "response.reasoning_text.delta",
  tool_call: "response.function_call_arguments.delta",
} as const;
const doneTypes = { text: "response.output_text.done", reasoning: "response.reasoning_text.done" } as const;
const incompleteBy: Partial<Record<EndReason, string>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

function placeOf({ id, index, kind }: Item): object {
  return { item_id: id, output_index: index, ...(kind !== "tool_call" && { content_index: 0 }) };
}

function partOf({ kind, text }: Pick<Item, "kind" | "text">): object {
  return kind === "reasoning" ? { type: "reasoning_text", text } : { type: "output_text", text, annotations: [] };
}

function shown(item: Item, status: "in_progress" | "completed"): object {
  const { id, kind, text } = item;
  if (kind === "tool_call") {
    const { callId, name } = item;
    return { id, type: "function_call", status, call_id: callId, name, arguments: text };
  }
  const content = status === "completed" ? [partOf(item)] : [];
  if (kind === "reasoning") return { id, type: "reasoning", summary: [], content };
  return { id, type: "message", status, role: "assistant", content };
}

function usageOf(usage: Usage): object {
  const { cachedInputTokens = 0, reasoningTokens = 0 } = usage;
  return {
    input_tokens: promptTokensOf(usage),
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: answerTokensOf(usage),
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: tokensOf(usage),
  };
}
