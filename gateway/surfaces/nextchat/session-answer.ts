// A message that a client asks a model in a session: it is stored, and its reply is made like every other reply.
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
  const { modelConfig } = await findChat(asking, conversationId);
  const text = newestText(body.messages);
  const given = Object.fromEntries(configFields.filter((name) => name in body).map((name) => [name, body[name]]));
  const config = { ...modelConfig, ...given };
  // Without the client's key, which is the message's.
  const { commandId: _, ...call }: CallOptions = asking.call;
  if (JSON.stringify(config) !== JSON.stringify(modelConfig)) {
    await updateChat({ ...asking, call }, conversationId, { modelConfig: config });
  }
  const message = { contentType: "text" as const, content: text };
  const { replyId } = await sendToChat(asking, conversationId, message, client);
  if (replyId === undefined) throw new DomainError("common.conflict");
  return { conversationId, replyId, model: typeof config.model === "string" ? config.model : "" };
}

/** The older messages of the request are those of the session, which has them already. */
function newestText(messages: unknown): string {
  const all = Array.isArray(messages) ? (messages as ({ role?: unknown; content?: unknown } | null)[]) : [];
  const content = all.findLast((message) => message?.role === "user")?.content;
  const parts = Array.isArray(content) ? (content as { type?: unknown; text?: unknown }[]) : [];
  if (parts.some(({ type }) => type !== "text"))
    throw invalidField("messages", "text: images are uploaded to a session");
  const text = typeof content === "string" ? content : parts.map((part) => String(part.text ?? "")).join("\n");
  if (text === "") throw invalidField("messages", "a message of the user");
  return text;
}
