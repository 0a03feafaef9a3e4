// What a model reads of a conversation: its messages as those of a chat with a model, in the order in which they belong
// together. An answer follows the message that it answers, also when others wrote in between.
import type { AssistantContent, PromptContent } from "../../actors/conversation/assistant/contract.ts";
import { previewOf } from "../../actors/conversation/chat/content.ts";
import type { ChatMessage, ContentPart, ToolCall } from "../../actors/llm/chat.ts";
import { isPictureUrl } from "../../actors/llm/picture-url.ts";
import type { StoredMessage } from "../../actors/shared/message.ts";
import { imageMark, pictureOfFile } from "./pictures.ts";

export interface Question {
  replyTo: string;
  replyToSeq: number;
  /** The first message that the assistant may see. */
  fromSeq: number;
  assistantId: string;
  /** Others take part: the model has to know who wrote what. */
  isGroup: boolean;
}

/** The conversation up to the question, which is last. Messages of the role system come first, as one. */
export function transcriptOf(messages: readonly StoredMessage[], question: Question): ChatMessage[] {
  const places = new Map(messages.map(({ messageId, seq }) => [messageId, seq]));
  const placed = messages.flatMap((message) => {
    const at = placeOf(message, places, question);
    return at === undefined || !isShown(message, question) ? [] : [{ message, at }];
  });
  placed.sort((a, b) => a.at - b.at || a.message.seq - b.message.seq);
  const spoken = placed.flatMap(({ message }) => chatMessageOf(message, question) ?? []);
  const system = spoken.filter(({ role }) => role === "system").map(({ content }) => String(content));
  const others = spoken.filter(({ role }) => role !== "system");
  return system.length === 0 ? others : [{ role: "system", content: system.join("\n\n") }, ...others];
}

/** The seq that the message is read at; undefined: it was written after the question, or answers it or a later one. */
function placeOf(
  { contentType, replyTo, seq }: StoredMessage,
  places: ReadonlyMap<string, number>,
  question: Question,
): number | undefined {
  const isAnswer = contentType === "assistant";
  if (!isAnswer) return seq <= question.replyToSeq ? seq : undefined;
  const asked = (replyTo === undefined ? undefined : places.get(replyTo)) ?? seq;
  return asked < question.replyToSeq ? asked : undefined;
}

function isShown({ status, content, seq }: StoredMessage, { fromSeq }: Question): boolean {
  return seq >= fromSeq && content !== null && (status === "normal" || status === "edited");
}

function chatMessageOf(message: StoredMessage, question: Question): ChatMessage | undefined {
  const { contentType, content } = message;
  if (contentType === "assistant") return answerOf(message, content as AssistantContent, question);
  if (contentType === "prompt") return promptOf(content as PromptContent);
  const text = textOf(content) ?? previewOf(contentType, content);
  return { role: "user", content: question.isGroup ? named(message, text) : text };
}

/** To a model, the answers of other models are what somebody else wrote. */
function answerOf(message: StoredMessage, { text: said, toolCalls, imageIds }: AssistantContent, question: Question) {
  const text = said === "" && imageIds?.length ? imageMark : said;
  if (message.senderId !== question.assistantId) {
    return text === "" ? undefined : { role: "user", content: named(message, text) };
  }
  const calls = toolCallsOf(toolCalls);
  if (text === "" && !calls) return undefined;
  return { role: "assistant", content: text === "" ? null : text, ...(calls && { tool_calls: calls }) };
}

function promptOf(prompt: PromptContent): ChatMessage {
  const { role, text, toolCall, toolResponse } = prompt;
  const content = contentOf(prompt);
  const calls = toolCallsOf(toolCall);
  if (role === "assistant" && calls) return { role, content: text === "" ? null : text, tool_calls: calls };
  if (role === "tool") return { role, ...toolResultOf(toolResponse, text) };
  return { role, content };
}

/** A text, or with pictures its parts: those of files are read when the model is known. */
function contentOf({ role, text, contentType, imageIds = [], images = [] }: PromptContent): string | ContentPart[] {
  if (role !== "user") return text === "" && imageIds.length > 0 ? imageMark : text;
  const isPicture = contentType === "image" && isPictureUrl(text);
  const shown = isPicture ? [{ url: text }, ...images] : images;
  const pictures = [
    ...shown.map(({ url, detail }) => ({ type: "image_url", image_url: { url, ...(detail && { detail }) } })),
    ...imageIds.map(pictureOfFile),
  ];
  if (pictures.length === 0) return text;
  return text === "" || isPicture ? pictures : [{ type: "text", text }, ...pictures];
}

/** One call or several, in the form of OpenAI's chat completions. */
function toolCallsOf(value: unknown): ToolCall[] | undefined {
  const calls = (Array.isArray(value) ? value : [value]).filter(isToolCall);
  return calls.length > 0 ? calls : undefined;
}

function isToolCall(value: unknown): value is ToolCall {
  const { id, function: named } = (value ?? {}) as Partial<ToolCall>;
  return typeof id === "string" && typeof named?.name === "string" && typeof named.arguments === "string";
}

function toolResultOf(value: unknown, text: string): Pick<ChatMessage, "content" | "tool_call_id"> {
  const { tool_call_id: id, content } = (value ?? {}) as { tool_call_id?: unknown; content?: unknown };
  const result = typeof content === "string" ? content : text !== "" ? text : JSON.stringify(content ?? value ?? "");
  return { content: result, ...(typeof id === "string" && { tool_call_id: id }) };
}

function textOf(content: unknown): string | undefined {
  const text = typeof content === "string" ? content : (content as { text?: unknown }).text;
  return typeof text === "string" ? text : undefined;
}

function named({ senderName, senderId }: StoredMessage, text: string): string {
  return `${senderName || senderId}: ${text}`;
}
