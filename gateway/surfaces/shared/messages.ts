// Messages, at the addresses that two surfaces share. In the image surface a message of its user is always answered; in the
// other one a message is stored alone, and its client asks for the answer by itself.
import type { AssistantContent, PromptContent } from "../../../actors/conversation/assistant/contract.ts";
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { Surface } from "../../../actors/llm/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { StoredMessage } from "../../../actors/shared/message.ts";
import { invalidField, optionalIdsUpTo, optionalText, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { findRegenerated } from "../../kit/answers.ts";
import { limits } from "../../kit/rate-limit.ts";
import type { Dialect } from "../../ports.ts";
import { object, text } from "../../wire/shapes/fields.ts";
import { type Asking, conversationOfChat, findChat } from "../conversations/chats.ts";
import { chatMessageOf, findChatMessage, messagesBefore, messagesFrom, sendToChat } from "../conversations/messages.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { maxMessageBodyBytes, succeeded, success } from "../kit/shapes.ts";
import { image, nextchat } from "../kit/surface.ts";
import { messageOnWire, messageShape, messagesShape, type PageQuery, pageRules } from "./session.ts";

interface MessageBody {
  role?: PromptContent["role"];
  content?: string;
  text?: string;
  content_type?: PromptContent["contentType"];
  metadata?: Record<string, unknown>;
  params?: Record<string, unknown>;
  imageIds?: string[];
  tool_call?: unknown;
  tool_response?: unknown;
}
interface ChangeBody {
  content?: string;
  text?: string;
  metadata?: Record<string, unknown>;
}
const maxImages = 10;
const anyObject = { type: "object", optional: true } as const;

export const messageRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: [nextchat, image],
    method: "GET",
    path: "/api/sessions/:sessionId/messages",
    auth: "user",
    summary: "The messages of a session, oldest first, from `offset` on; or the newest before the message `before`",
    query: schema<PageQuery & { before?: string }>({ ...pageRules, before: optionalText(20) }),
    answers: messagesShape,
    errors: ["session.not_found", "message.not_found"],
    async handle({ principal: { userId }, params, query, edge, call }) {
      const asking = { edge, userId, call };
      const conversationId = conversationOfChat(params.sessionId);
      const { messageCount: total } = await findChat(asking, conversationId);
      const { limit = 50, offset = 0, before } = query;
      if (before !== undefined) {
        const found = await findChatMessage(asking, stampId(before, "message.not_found"), conversationId);
        const page = await messagesBefore(asking, conversationId, { beforeSeq: found.ref.seq, limit });
        const messages = page.messages.map(messageOnWire);
        return { data: messages, messages, total, limit, offset, hasMore: page.hasMore };
      }
      const found = await messagesFrom(asking, conversationId, { offset, limit, messageCount: total });
      const messages = found.map(messageOnWire);
      return { data: messages, messages, total, limit, offset, hasMore: offset + messages.length < total };
    },
  }),

  surfaceRoute({
    surface: [nextchat, image],
    method: "POST",
    path: "/api/sessions/:sessionId/messages",
    auth: "user",
    limit: limits.send,
    maxBodyBytes: maxMessageBodyBytes,
    summary: "Stores a message. With `text` or `imageIds` a model answers it, or edits the images",
    body: schema<MessageBody>(
      {
        role: { type: "string", enum: ["system", "user", "assistant", "tool"], optional: true },
        content: { type: "string", optional: true },
        text: { type: "string", optional: true },
        content_type: { type: "string", enum: ["text", "image", "audio"], optional: true },
        metadata: anyObject,
        params: anyObject,
        imageIds: optionalIdsUpTo(maxImages),
        tool_call: { type: "any", optional: true },
        tool_response: { type: "any", optional: true },
      },
      { example: { role: "user", text: "Make the sky green", imageIds: [] } },
    ),
    answers: messageShape,
    errors: ["session.not_found", "file.not_found", "llm.rate_limited", "message.empty", "message.too_long"],
    async handle({ principal: { userId }, params, body, edge, call, client, dialect }) {
      const asking = { edge, userId, call };
      const conversationId = conversationOfChat(params.sessionId);
      await findChat(asking, conversationId);
      const content = promptOf(body);
      const message = {
        contentType: "prompt" as const,
        content,
        ...(dialect !== "image" && { answer: false as const }),
      };
      const sent = await sendToChat(asking, conversationId, message, { client, surface: surfaceOf(dialect) });
      const found = await findChatMessage(asking, sent.messageId, conversationId);
      return messageOnWire(chatMessageOf(found.message));
    },
  }),

  surfaceRoute({
    surface: [nextchat, image],
    method: "PUT",
    path: "/api/messages/:id",
    auth: "user",
    maxBodyBytes: maxMessageBodyBytes,
    summary: "Replaces the text of a message; a reply that runs for it begins anew",
    body: schema<ChangeBody>(
      { content: { type: "string", optional: true }, text: { type: "string", optional: true }, metadata: anyObject },
      { example: { text: "Make the sky blue" } },
    ),
    answers: messageShape,
    errors: ["message.not_found", "message.not_yours", "message.empty", "message.too_long"],
    async handle({ principal: { userId }, params, body, edge, call }) {
      const asking = { edge, userId, call };
      const { conversationId, ref, message } = await findShown(asking, params.id);
      const content = changed(message, body);
      const command = { by: userId, message: ref, content, original: message.content };
      await edge.actors.get(Conversation, conversationId).edit(command, call);
      const now = await findChatMessage(asking, ref.messageId, conversationId);
      return messageOnWire(chatMessageOf(now.message));
    },
  }),

  surfaceRoute({
    surface: [nextchat, image],
    method: "DELETE",
    path: "/api/messages/:id",
    auth: "user",
    summary: "Deletes a message for good; a reply that runs for it ends",
    answers: success,
    errors: ["message.not_found"],
    async handle({ principal: { userId }, params, edge, call }) {
      const { conversationId, ref } = await findShown({ edge, userId, call }, params.id);
      await edge.actors.get(Conversation, conversationId).recall({ by: userId, message: ref }, call);
      return succeeded;
    },
  }),

  surfaceRoute({
    surface: [nextchat, image],
    method: "POST",
    path: "/api/messages/:id/regenerate",
    auth: "user",
    limit: limits.send,
    summary: "Makes another version of an answer, or an answer to a message that has none",
    answers: object({ success: success.props.success, reply_id: text(64), replyId: text(64) }),
    errors: ["message.not_found", "llm.rate_limited", "llm.assistant_not_found"],
    async handle({ principal: { userId }, params, edge, call, dialect }) {
      const { conversationId, ref } = await findShown({ edge, userId, call }, params.id);
      const { messageId } = ref;
      const { message, answer } = await findRegenerated(edge.reading, { userId, messageId, conversationId });
      const command = { userId, message, ...(answer && { answer }), surface: surfaceOf(dialect) };
      const { replyId } = await edge.actors.get(Conversation, conversationId).regenerate(command, call);
      return { ...succeeded, reply_id: replyId, replyId };
    },
  }),
];

/** Other surfaces do not have these addresses of their own. */
function surfaceOf(dialect: Dialect): Surface {
  return dialect === "image" ? "image" : "nextchat";
}

/** Throws message.not_found for a deleted one, too. */
async function findShown(asking: Asking, id: string) {
  const found = await findChatMessage(asking, stampId(id, "message.not_found"));
  const { status } = found.message;
  if (status === "recalled" || status === "expired") throw new DomainError("message.not_found");
  return found;
}

function promptOf(body: MessageBody): PromptContent {
  const { role = "user", content_type: contentType, imageIds = [], metadata, params } = body;
  const said = body.text ?? body.content ?? "";
  const { tool_call: toolCall, tool_response: toolResponse } = body;
  const hasMore = imageIds.length > 0 || (toolCall ?? toolResponse ?? null) !== null;
  if (said === "" && !hasMore) throw invalidField(body.text === undefined ? "content" : "text", "not empty");
  return {
    ...{ role, text: said },
    ...(contentType && { contentType }),
    ...(imageIds.length > 0 && { imageIds }),
    ...(params && { params }),
    ...(metadata && { metadata }),
    ...((toolCall ?? null) !== null && { toolCall }),
    ...((toolResponse ?? null) !== null && { toolResponse }),
  };
}

/** The content of the message with the fields that are given. */
function changed({ contentType, content }: StoredMessage, body: ChangeBody): unknown {
  const said = body.text ?? body.content;
  if (said === undefined && body.metadata === undefined) throw invalidField("text", "text, content or metadata");
  if (contentType === "text") {
    if (said === undefined) throw invalidField("metadata", "not of this message");
    return said;
  }
  const old = content as PromptContent | AssistantContent;
  return { ...old, ...(said !== undefined && { text: said }), ...(body.metadata && { metadata: body.metadata }) };
}
