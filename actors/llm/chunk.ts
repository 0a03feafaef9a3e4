// Chunks of a streamed chat completion, and what they say together: text, tool calls, usage, end. Every field may be missing:
// some upstreams send reports without choices, choices without a delta, and usage on every chunk.
import type { Delta } from "./chat.ts";
import { type AssembledCall, createToolCalls, type ToolCallPiece } from "./tool-calls.ts";
import type { EndReason, Usage } from "./usage.ts";
import { usageOf } from "./usage-of.ts";

interface ChunkDelta {
  role?: string | null;
  content?: string | null;
  refusal?: string | null;
  /** Names of the same thing: DeepSeek and most others · OpenRouter. */
  reasoning_content?: string | null;
  reasoning?: string | null;
  tool_calls?: readonly ToolCallPiece[] | null;
  [field: string]: unknown;
}
export interface ChunkChoice {
  index?: number;
  delta?: ChunkDelta | null;
  finish_reason?: string | null;
  [field: string]: unknown;
}
export interface Chunk {
  id?: string;
  model?: string;
  choices?: readonly ChunkChoice[] | null;
  usage?: unknown;
  error?: unknown;
  [field: string]: unknown;
}

export interface ChatTally {
  /** Of the first chunk that has them. */
  id: string | undefined;
  model: string | undefined;
  /** The last usage that is not null; never a sum. */
  usage: Usage | undefined;
  /** As the upstream wrote it. */
  finishReason: string | undefined;
  /** The upstream sent [DONE]. */
  isDone: boolean;
  /** A guess from the text, reasoning and tool arguments, for answers without usage. */
  outputTokens: number;
  /** True when the chunk carries a part of the answer: from then on nothing is tried again unseen. */
  add(chunk: Chunk): boolean;
}

export function createChatTally(): ChatTally {
  return new Tally();
}

class Tally implements ChatTally {
  id: string | undefined;
  model: string | undefined;
  usage: Usage | undefined;
  finishReason: string | undefined;
  isDone = false;
  outputTokens = 0;

  add({ id, model, choices, usage }: Chunk): boolean {
    if (this.id === undefined && typeof id === "string" && id !== "") this.id = id;
    if (this.model === undefined && typeof model === "string" && model !== "") this.model = model;
    if (usage) this.usage = usageOf(usage) ?? this.usage;
    if (!Array.isArray(choices)) return false;
    let hasContent = false;
    for (const choice of choices as readonly (ChunkChoice | null)[]) {
      if (!choice) continue;
      if (choice.finish_reason) this.finishReason = choice.finish_reason;
      const tokens = choice.delta ? tokensOf(choice.delta) : 0;
      if (tokens === 0) continue;
      this.outputTokens += tokens;
      hasContent = true;
    }
    return hasContent;
  }
}

function tokensOf(delta: ChunkDelta): number {
  const { content, tool_calls: calls } = delta;
  let tokens =
    guessTokens(content) + guessTokens(delta.reasoning_content ?? delta.reasoning) + guessTokens(delta.refusal);
  if (Array.isArray(calls)) {
    for (const call of calls as readonly ToolCallPiece[]) {
      // The call itself is content, also while it has no arguments.
      tokens += 1 + guessTokens(call?.function?.name) + guessTokens(call?.function?.arguments);
    }
  }
  return tokens > 0 || !delta.audio ? tokens : 1;
}

/** Four letters or one and a third ideographs a token: what tokenizers of the present come near to. */
export function guessTokens(text: unknown): number {
  if (typeof text !== "string") return 0;
  let tokens = 0;
  for (let i = 0; i < text.length; i += 1) tokens += text.charCodeAt(i) < 0x2e80 ? 0.25 : 0.75;
  return tokens;
}

/** The reason of the ledger for a finish reason of an upstream; undefined: none came. */
export function reasonOf(finishReason: string | undefined): EndReason | undefined {
  if (!finishReason) return undefined;
  return reasons[finishReason] ?? "unknown";
}
const reasons: Readonly<Record<string, EndReason>> = {
  stop: "stop",
  eos: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  tool_use: "tool_calls",
  content_filter: "content_filter",
  safety: "content_filter",
};

/** Reads the pieces of the first choice, with dense indexes of tool calls. */
export interface DeltaReader {
  read(chunk: Chunk): Delta[];
  /** The whole calls. Throws AmbiguousToolCall. */
  toolCalls(): readonly AssembledCall[];
}

export function createDeltaReader(): DeltaReader {
  const calls = createToolCalls();
  return {
    read({ choices }) {
      const deltas: Delta[] = [];
      if (!Array.isArray(choices)) return deltas;
      for (const choice of choices as readonly (ChunkChoice | null)[]) {
        const delta = choice?.delta;
        if (!delta || (choice.index ?? 0) !== 0) continue;
        const reasoning = delta.reasoning_content ?? delta.reasoning;
        if (typeof reasoning === "string" && reasoning !== "") deltas.push({ type: "reasoning", text: reasoning });
        const text = delta.content ?? delta.refusal;
        if (typeof text === "string" && text !== "") deltas.push({ type: "text", text });
        if (Array.isArray(delta.tool_calls)) {
          for (const piece of delta.tool_calls as readonly ToolCallPiece[]) {
            const added = piece && calls.add(piece);
            if (added) deltas.push(added);
          }
        }
      }
      return deltas;
    },
    toolCalls: () => calls.finish(),
  };
}
