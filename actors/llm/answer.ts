// One whole chat completion from the chunks of a stream, for clients that asked for no stream.
import type { Chunk, ChunkChoice } from "./chunk.ts";
import { createToolCalls, type ToolCallPiece, type ToolCalls } from "./tool-calls.ts";

interface AnswerBuilder {
  add(chunk: Chunk): void;
  /** Throws AmbiguousToolCall. */
  finish(): object;
}

interface Part {
  message: Record<string, unknown>;
  calls: ToolCalls | undefined;
  finishReason: string | null;
  /** Fields of the choice that stand beside its delta (logprobs, for example): lists are joined, else the last one counts. */
  more: Record<string, unknown>;
}

export function createAnswerBuilder(): AnswerBuilder {
  const head: Record<string, unknown> = {};
  const parts = new Map<number, Part>();
  let usage: unknown;

  return {
    add({ choices, usage: counted, ...fields }) {
      for (const [name, value] of Object.entries(fields)) {
        if (value !== "" && value !== null && !(name in head)) head[name] = value;
      }
      if (counted) usage = counted;
      if (!Array.isArray(choices)) return;
      for (const choice of choices as readonly (ChunkChoice | null)[]) {
        if (!choice) continue;
        const index = choice.index ?? 0;
        const part = parts.get(index) ?? { message: {}, calls: undefined, finishReason: null, more: {} };
        parts.set(index, part);
        addChoice(part, choice);
      }
    },
    finish: () => ({
      ...head,
      object: "chat.completion",
      choices: [...parts].sort(([a], [b]) => a - b).map(([index, part]) => choiceOf(index, part)),
      ...(usage !== undefined && { usage }),
    }),
  };
}

function addChoice(part: Part, { delta, finish_reason: reason, index: _, ...more }: ChunkChoice): void {
  if (reason) part.finishReason = reason;
  for (const [name, value] of Object.entries(more)) part.more[name] = joined(part.more[name], value);
  if (!delta) return;
  const { tool_calls: pieces, ...fields } = delta;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    part.message[name] = name === "role" ? value : joined(part.message[name], value);
  }
  if (!Array.isArray(pieces)) return;
  part.calls ??= createToolCalls();
  for (const piece of pieces as readonly ToolCallPiece[]) if (piece) part.calls.add(piece);
}

function joined(before: unknown, value: unknown): unknown {
  if (before === undefined || before === null) return value;
  if (value === undefined || value === null) return before;
  if (typeof before === "string" && typeof value === "string") return before + value;
  if (Array.isArray(before) && Array.isArray(value)) return [...before, ...value];
  if (typeof before !== "object" || typeof value !== "object") return value;
  const merged: Record<string, unknown> = { ...before };
  for (const [name, each] of Object.entries(value)) merged[name] = joined(merged[name], each);
  return merged;
}

function choiceOf(index: number, { message, calls, finishReason, more }: Part): object {
  const tools = calls?.finish() ?? [];
  return {
    index,
    ...more,
    message: {
      role: "assistant",
      ...message,
      content: message.content ?? null,
      ...(tools.length > 0 && { tool_calls: tools }),
    },
    finish_reason: finishReason,
  };
}

/** A whole chat completion as one chunk of a stream: some upstreams answer so although a stream was asked for. */
export function chunkOfAnswer(answer: object): Chunk {
  const { choices = [], ...head } = answer as {
    choices?: readonly ((ChunkChoice & { message?: ChunkChoice["delta"] }) | null)[];
  };
  const deltas = choices.flatMap((whole): ChunkChoice[] => {
    if (!whole) return [];
    const { message, ...choice } = whole;
    return [{ ...choice, delta: message }];
  });
  return { ...head, object: "chat.completion.chunk", choices: deltas };
}
