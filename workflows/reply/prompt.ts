// Loads what is sent to a model for one reply. It is made here, inside the activity, and travels nowhere else.
import type { ChatMessage, ChatRequest } from "../../actors/llm/chat.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { ReplyProcessInput } from "../../actors/reply/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { conversationTypeOf } from "../../actors/shared/ids.ts";
import type { StoredMessage } from "../../actors/shared/message.ts";
import { type Answerer, findAnswerer } from "./answerer.ts";
import { transcriptOf } from "./transcript.ts";

export interface PromptDeps {
  actors: Actors;
  reading: Pick<Reading, "history">;
}

/** Messages that are read for a prompt; older ones are not known to the model. */
const maxPromptMessages = 400;
/** Characters of their contents as JSON; beyond them no older page is read. */
const maxPromptChars = 1_000_000;
const pageMessages = 100;
/** Answers to messages before the question may have been written after it, while it waited. */
const laterMessages = 100;

export interface Prompt {
  answerer: Answerer;
  body: ChatRequest;
}

/** Throws message.not_found when the question is gone, and what `findAnswerer` throws. */
export async function loadPrompt({ actors, reading }: PromptDeps, input: ReplyProcessInput): Promise<Prompt> {
  const [answerer, messages] = await Promise.all([findAnswerer(actors, input), readBack(reading, input)]);
  if (!messages.some(({ messageId, content }) => messageId === input.replyTo && content !== null)) {
    throw new DomainError("message.not_found");
  }
  const isGroup = conversationTypeOf(input.conversationId) === "group";
  const spoken = transcriptOf(messages, { ...input, isGroup });
  return {
    answerer,
    body: { ...answerer.parameters, model: answerer.model, messages: withInstructions(answerer, spoken), stream: true },
  };
}

/** What who pays may see, newest page first, up to the limits. */
async function readBack(reading: Pick<Reading, "history">, input: ReplyProcessInput): Promise<StoredMessage[]> {
  const { conversationId, payerId: userId, replyToSeq, fromSeq } = input;
  let read: StoredMessage[] = [];
  let startSeq = replyToSeq + laterMessages;
  for (let chars = 0; ; ) {
    const asked = { userId, conversationId, startSeq, limit: pageMessages, direction: "backward" } as const;
    const { messages, hasMore } = await reading.history(asked);
    read = [...messages, ...read];
    chars += messages.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0);
    const [oldest] = messages;
    const isEnough = read.length >= maxPromptMessages || chars >= maxPromptChars;
    if (!hasMore || isEnough || !oldest || oldest.seq <= fromSeq) return read;
    startSeq = oldest.seq - 1;
  }
}

/** One system message, and first: many upstreams take no other. */
function withInstructions({ systemPrompts }: Answerer, messages: readonly ChatMessage[]): ChatMessage[] {
  const [first] = messages;
  const known = first?.role === "system" ? [String(first.content)] : [];
  const others = known.length > 0 ? messages.slice(1) : messages;
  const instructions = [...systemPrompts, ...known];
  if (instructions.length === 0) return [...others];
  return [{ role: "system", content: instructions.join("\n\n") }, ...others];
}
