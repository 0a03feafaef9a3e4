// A message that a client asks a model in a session: it is stored, and its reply is made like every other reply.
import type { PromptContent, PromptImage } from "../../../actors/conversation/assistant/contract.ts";
import { limitsOf } from "../../../actors/conversation/chat/content.ts";
import { isPictureUrl } from "../../../actors/llm/picture-url.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { invalidField } from "../../input/rules.ts";
import type { Client } from "../../rest/kit/route.ts";
import { type Asking, findChat, updateChat } from "../conversations/chats.ts";
import { sendToChat } from "../conversations/messages.ts";

export interface SessionAnswer {
  conversationId: ConversationId;
  replyId: string;
  /** As chunks name it; "" where nobody named one. */
  model: string;
}

/** Of a command beside its content. */
const commandBytes = 256;

/** Of a request, kept with the session: its next answers are made with them, too. */
const configFields = [
  ...["model", "provider", "temperature", "top_p", "max_tokens", "max_completion_tokens", "presence_penalty"],
  ...["frequency_penalty", "stop", "seed", "reasoning_effort", "response_format", "tools", "tool_choice"],
];

/** Throws session.not_found, common.invalid, llm.rate_limited. */
export async function askInSession(
  asking: Asking,
  conversationId: ConversationId,
  body: Readonly<Record<string, unknown>>,
  client: Pick<Client, "idempotencyKey">,
): Promise<SessionAnswer> {
  const content = newestQuestion(body.messages);
  // The older messages of the body go nowhere: their size is not that of the commands.
  const sized = { ...asking, call: { ...asking.call, sizeBytes: commandBytes + sizeOf(content) } };
  const { modelConfig } = await findChat(sized, conversationId);
  const given = Object.fromEntries(configFields.filter((name) => name in body).map((name) => [name, body[name]]));
  const config = { ...modelConfig, ...given };
  // Without the client's key, which is the message's.
  const { commandId: _, ...call }: CallOptions = sized.call;
  if (JSON.stringify(config) !== JSON.stringify(modelConfig)) {
    await updateChat({ ...sized, call }, conversationId, { modelConfig: config });
  }
  const contentType = typeof content === "string" ? ("text" as const) : ("prompt" as const);
  const message = { contentType, content };
  const { replyId } = await sendToChat(sized, conversationId, message, { client, surface: "nextchat" });
  if (replyId === undefined) throw new DomainError("common.conflict");
  return { conversationId, replyId, model: typeof config.model === "string" ? config.model : "" };
}

/** A command of some megabytes would not reach the conversation, which refuses long contents. Throws message.too_long. */
function sizeOf(content: string | PromptContent): number {
  const { maxContentBytes } = limitsOf(true);
  const bytes = Buffer.byteLength(JSON.stringify(content));
  if (bytes <= maxContentBytes) return bytes;
  throw new DomainError("message.too_long", { details: { maxContentBytes } });
}

/** The older messages of the request are those of the session, which has them already. */
function newestQuestion(messages: unknown): string | PromptContent {
  const all = Array.isArray(messages) ? (messages as ({ role?: unknown; content?: unknown } | null)[]) : [];
  const content = all.findLast((message) => message?.role === "user")?.content;
  if (typeof content === "string" && content !== "") return content;
  const parts = Array.isArray(content) ? (content as Part[]) : [];
  const images = parts.filter((part) => part?.type === "image_url").map(imageOf);
  const texts = parts.filter((part) => part?.type === "text").map(({ text }) => String(text ?? ""));
  if (images.length + texts.length < parts.length) throw invalidField("messages", "parts of type text or image_url");
  const text = texts.join("\n");
  if (text === "" && images.length === 0) throw invalidField("messages", "a message of the user");
  return images.length === 0 ? text : { role: "user", text, images };
}

interface Part {
  type?: unknown;
  text?: unknown;
  image_url?: { url?: unknown; detail?: unknown } | string;
}

function imageOf({ image_url: image }: Part): PromptImage {
  const { url, detail } = typeof image === "object" && image !== null ? image : { url: image, detail: undefined };
  if (!isPictureUrl(url)) throw invalidField("messages", "image_url: an https address or a data:image URL");
  return typeof detail === "string" ? { url, detail } : { url };
}
