// Cuts a prompt to what its model reads.
import type { ChatMessage, ChatRequest } from "../../actors/llm/chat.ts";
import type { Tokens, UpstreamTarget } from "../../actors/llm/contract.ts";
import { fitPrompt, type PromptLimits, promptTokens, roomForPrompt, shrinkPrompt } from "../../actors/llm/prompt.ts";
import type { Catalog } from "../../actors/models/catalog.ts";
import { utf8Length } from "../../actors/shared/utf8.ts";

export interface PromptFitDeps {
  catalog: Pick<Catalog, "find" | "ready">;
  tokens: Tokens;
}

/** Of a model that no list knows. One that reads less says so, and is asked once more with less. */
const usualContextTokens = 128_000;
const usualAnswerTokens = 4_096;

/** Throws llm.prompt_too_long. */
export async function fittingPrompt(
  deps: PromptFitDeps,
  body: ChatRequest,
  target: UpstreamTarget,
): Promise<ChatMessage[]> {
  await deps.catalog.ready();
  const limits = limitsOf(deps, body, target);
  // No text has more tokens than bytes: most prompts need no counting.
  const byBytes = { ...limits, count: utf8Length };
  const isShort = promptTokens(body.messages, byBytes) <= limits.maxTokens;
  return fitPrompt(body.messages, isShort ? byBytes : limits);
}

/** After the model found the prompt too long. Undefined: nothing can be left out. */
export function shorterPrompt(
  deps: PromptFitDeps,
  body: ChatRequest,
  target: UpstreamTarget,
): ChatMessage[] | undefined {
  return shrinkPrompt(body.messages, limitsOf(deps, body, target));
}

function limitsOf({ catalog, tokens }: PromptFitDeps, body: ChatRequest, target: UpstreamTarget): PromptLimits {
  const { contextTokens = usualContextTokens, maxOutputTokens = usualAnswerTokens } = catalog.find(target);
  const count = (text: string) => tokens.count(target.model, text);
  const answerTokens = numberIn(body.max_completion_tokens) ?? numberIn(body.max_tokens) ?? maxOutputTokens;
  const toolTokens = body.tools === undefined ? 0 : count(JSON.stringify(body.tools));
  return { maxTokens: roomForPrompt(contextTokens, { answerTokens, toolTokens }), count };
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}
