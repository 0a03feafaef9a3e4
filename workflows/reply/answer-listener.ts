// Takes an answer as the model gives it: its text goes into the reply, the rest is kept for the message.
import type { Delta, ToolCall } from "../../actors/llm/chat.ts";
import type { ChatEnd, ChatListener } from "../../actors/llm/contract.ts";
import { AmbiguousToolCall, createToolCalls, type ToolCalls } from "../../actors/llm/tool-calls.ts";
import type { ReplyEnd } from "../../actors/reply/contract.ts";
import { maxExtraBytes } from "../../actors/reply/limits.ts";
import type { ErrorName } from "../../actors/shared/errors.ts";
import { utf8Length } from "../../actors/shared/utf8.ts";
import type { ReplyWriter } from "./writer.ts";

/** Of a model's reasoning; more is left out of the message. */
const maxReasoningChars = 8_000;

export class AnswerListener implements ChatListener {
  reasoning = "";
  toolCalls: ToolCalls | undefined;
  readonly #writer: ReplyWriter;

  constructor(writer: ReplyWriter) {
    this.#writer = writer;
  }

  attempt(number: number): void {
    if (number === 1) return;
    this.reasoning = "";
    this.toolCalls = undefined;
    this.#writer.beginTry();
  }

  delta(delta: Delta): Promise<void> | undefined {
    switch (delta.type) {
      case "text":
        return this.#writer.write(delta.text);
      case "reasoning":
        if (this.reasoning.length < maxReasoningChars) this.reasoning += delta.text;
        return undefined;
      case "tool_call":
        this.toolCalls ??= createToolCalls();
        this.toolCalls.add({
          ...{ index: delta.index, id: delta.id },
          function: { name: delta.name, arguments: delta.arguments },
        });
        return undefined;
    }
  }
}

/** How the reply ends, and what its message says beside its text. A stop does not undo an answer that is complete. */
export function endOf(
  { status, reason, error, usage, model, provider }: ChatEnd,
  { reasoning, toolCalls }: Pick<AnswerListener, "reasoning" | "toolCalls">,
  { isStopped }: { isStopped: boolean },
): Omit<ReplyEnd, "attempt"> {
  const facts = { model, provider, finishReason: reason, usage, tokenCount: usage.outputTokens };
  if (status !== "completed") {
    if (isStopped) return { status: "stopped", extra: facts };
    const message = error?.message ?? "The model's answer was interrupted.";
    return { status: "failed", error: { code: codeOf(error), message }, extra: facts };
  }
  const calls = finishedCalls(toolCalls);
  if (calls === "ambiguous") return { status: "failed", error: ambiguous, extra: facts };
  const whole = { ...facts, ...(calls && { toolCalls: calls }) };
  const thought = { ...whole, ...(reasoning !== "" && { reasoning: reasoning.slice(0, maxReasoningChars) }) };
  for (const extra of [thought, whole]) if (isShort(extra)) return { status, extra };
  const tooLarge = {
    code: "common.too_large",
    message: `The model's tool calls have more than ${maxExtraBytes} bytes.`,
  };
  return { status: "failed", error: tooLarge, extra: facts };
}

/** A name of this system's table where one fits, so that a client of HTTP gets its status; else as the upstream calls it. */
function codeOf(error: ChatEnd["error"]): string {
  return codeByStatus[error?.status ?? 0] ?? error?.code ?? "llm.upstream_failed";
}
const codeByStatus: Readonly<Record<number, ErrorName>> = {
  404: "llm.model_unknown",
  429: "llm.rate_limited",
  504: "llm.upstream_silent",
};

const ambiguous = { code: "llm.upstream_failed", message: "The model's tool calls cannot be told apart." };

function finishedCalls(toolCalls: ToolCalls | undefined): readonly ToolCall[] | "ambiguous" | undefined {
  try {
    return toolCalls?.finish();
  } catch (error) {
    if (error instanceof AmbiguousToolCall) return "ambiguous";
    throw error;
  }
}

function isShort(extra: unknown): boolean {
  return utf8Length(JSON.stringify(extra)) <= maxExtraBytes;
}
