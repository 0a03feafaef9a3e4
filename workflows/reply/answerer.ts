// Who answers: the model, its instructions and its parameters.
import { Conversation } from "../../actors/conversation/contract.ts";
import type { Surface } from "../../actors/llm/contract.ts";
import { ModelSettings } from "../../actors/models/contract.ts";
import type { ReplyProcessInput } from "../../actors/reply/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { conversationTypeOf } from "../../actors/shared/ids.ts";

export interface Answerer {
  surface: Surface;
  /** "": the own model of who pays, or the system's default. */
  model: string;
  provider?: string;
  systemPrompts: readonly string[];
  /** Of the request: temperature and the like. */
  parameters: Readonly<Record<string, unknown>>;
}

/** The assistant of a user's own upstream; `model-…` is a model of the system. */
const ownAssistant = "own";
const modelPrefix = "model-";
const parameterNames = [
  ...["temperature", "top_p", "max_tokens", "max_completion_tokens", "presence_penalty", "frequency_penalty"],
  ...["stop", "seed", "reasoning_effort", "response_format", "tools", "tool_choice"],
] as const;

type Asked = Pick<ReplyProcessInput, "conversationId" | "payerId" | "assistantId" | "assistantOwnerId">;

/** Throws llm.assistant_not_found, session.not_found. */
export async function findAnswerer(actors: Actors, input: Asked): Promise<Answerer> {
  const { conversationId, payerId } = input;
  const isChat = conversationTypeOf(conversationId) === "assistant";
  const [assistant, chat] = await Promise.all([
    findAssistant(actors, input),
    isChat ? actors.get(Conversation, conversationId).chat({ userId: payerId }) : undefined,
  ]);
  const config = chat?.modelConfig ?? {};
  const model = textIn(config, "model") ?? assistant.model;
  const provider = textIn(config, "provider") ?? assistant.provider;
  const ofChat = textIn(config, "systemPrompt") ?? textIn(config, "system_prompt");
  return {
    surface: input.assistantId === ownAssistant ? "chat" : "im",
    model,
    ...(provider !== undefined && { provider }),
    systemPrompts: [assistant.systemPrompt, ofChat ?? ""].filter((text) => text !== ""),
    parameters: Object.fromEntries(
      parameterNames.flatMap((name) => (config[name] === undefined ? [] : [[name, config[name]]])),
    ),
  };
}

async function findAssistant(
  actors: Actors,
  { assistantId, assistantOwnerId }: Asked,
): Promise<{ model: string; provider?: string; systemPrompt: string }> {
  if (assistantId === ownAssistant) return { model: "", systemPrompt: "" };
  if (assistantId.startsWith(modelPrefix)) return { model: assistantId.slice(modelPrefix.length), systemPrompt: "" };
  const { assistants } = await actors.get(ModelSettings, assistantOwnerId).assistants({});
  const found = assistants.find((assistant) => assistant.assistantId === assistantId);
  if (!found) throw new DomainError("llm.assistant_not_found");
  return found;
}

function textIn(config: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = config[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
