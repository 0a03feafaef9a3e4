// Parameters of OpenAI's chat completions as options of the AI SDK.
import type { ChatRequest } from "../../../actors/llm/chat.ts";
import type { UpstreamTarget } from "../../../actors/llm/contract.ts";
import type { CallOptions } from "./model.ts";
import { refusal } from "./prompt-of.ts";

type Format = NonNullable<UpstreamTarget["format"]>;
type Tool = NonNullable<CallOptions["tools"]>[number];
type Schema = Extract<Tool, { type: "function" }>["inputSchema"];
type Effort = NonNullable<CallOptions["reasoning"]>;

const efforts: readonly string[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] satisfies Effort[];

export function optionsOf(body: ChatRequest, format: Format): Omit<CallOptions, "prompt" | "abortSignal"> {
  refuseWhatIsMissing(body);
  const { reasoning_effort: effort, stop } = body;
  const maxOutputTokens = numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens);
  const stopSequences = typeof stop === "string" ? [stop] : Array.isArray(stop) ? stop.map(String) : undefined;
  return withoutUndefined({
    maxOutputTokens,
    temperature: numberOf(body.temperature),
    topP: numberOf(body.top_p),
    topK: numberOf(body.top_k),
    presencePenalty: numberOf(body.presence_penalty),
    frequencyPenalty: numberOf(body.frequency_penalty),
    seed: numberOf(body.seed),
    stopSequences,
    reasoning: typeof effort === "string" && efforts.includes(effort) ? (effort as Effort) : undefined,
    responseFormat: responseFormatOf(body.response_format),
    tools: toolsOf(body.tools),
    toolChoice: toolChoiceOf(body.tool_choice),
    providerOptions: providerOptionsOf(body, format),
  });
}

/** A client that asks for these would take an answer without them for a whole one. */
function refuseWhatIsMissing({ n, logprobs, modalities, functions }: ChatRequest): void {
  if (typeof n === "number" && n > 1) throw refusal("it answers one choice only");
  if (logprobs === true) throw refusal("it gives no logprobs");
  if (Array.isArray(modalities) && modalities.includes("audio")) throw refusal("it answers no audio");
  if (functions !== undefined) throw refusal("`functions` is an old form of `tools`");
}

function toolsOf(tools: unknown): Tool[] | undefined {
  if (!Array.isArray(tools) || tools.length === 0) return undefined;
  return tools.map((tool: { type?: unknown; function?: Record<string, unknown> } | null) => {
    const { name, description, parameters } = tool?.function ?? {};
    if (tool?.type !== "function" || typeof name !== "string") throw refusal("a tool is no function with a name");
    return {
      type: "function",
      name,
      ...(typeof description === "string" && { description }),
      inputSchema: (parameters ?? { type: "object", properties: {} }) as Schema,
    };
  });
}

function toolChoiceOf(choice: unknown): CallOptions["toolChoice"] {
  if (choice === "auto" || choice === "none" || choice === "required") return { type: choice };
  const name = (choice as { function?: { name?: unknown } } | undefined | null)?.function?.name;
  if (typeof name === "string") return { type: "tool", toolName: name };
  if (choice === undefined || choice === null) return undefined;
  throw refusal("tool_choice is neither auto, none, required nor a function");
}

function responseFormatOf(format: unknown): CallOptions["responseFormat"] {
  const { type, json_schema: given } = (format ?? {}) as { type?: unknown; json_schema?: Record<string, unknown> };
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema") return undefined;
  const { schema, name, description } = given ?? {};
  return {
    type: "json",
    schema: schema as Schema,
    ...(typeof name === "string" && { name }),
    ...(typeof description === "string" && { description }),
  };
}

/** What has no place among the common options. `thinking` is Anthropic's own parameter, as its clients send it. */
function providerOptionsOf(body: ChatRequest, format: Format): CallOptions["providerOptions"] {
  const { thinking, parallel_tool_calls: isParallel, metadata } = body;
  if (format !== "anthropic") return undefined;
  const { type, budget_tokens: budgetTokens } = (thinking ?? {}) as { type?: unknown; budget_tokens?: unknown };
  const userId = (metadata as { user_id?: unknown } | undefined)?.user_id ?? body.user;
  return {
    anthropic: {
      ...(type === "enabled" && { thinking: { type, budgetTokens: numberOf(budgetTokens) ?? 1_024 } }),
      ...(type === "disabled" && { thinking: { type } }),
      ...(isParallel === false && { disableParallelToolUse: true }),
      ...(typeof userId === "string" && { metadata: { userId } }),
    },
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
