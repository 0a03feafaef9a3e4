// A session and a message, in the spellings of both surfaces.
import type { ChatInfo } from "../../../actors/conversation/assistant/contract.ts";
import { maxChatChars } from "../../../actors/conversation/assistant/limits.ts";
import { anything, choice, count, flag, list, nullable, object, text } from "../../wire/shapes/fields.ts";
import { chatTitle } from "../../wire/shapes/message.ts";
import { chatIdOf } from "../conversations/chats.ts";
import type { ChatMessage } from "../conversations/messages.ts";
import { isoTime } from "../identity/account.ts";
import { isoShape } from "../kit/shapes.ts";

const id = text(64);
const times = { created_at: isoShape, createdAt: isoShape, updated_at: isoShape, updatedAt: isoShape };

export const sessionShape = object(
  {
    ...{
      id,
      user_id: id,
      userId: id,
      title: chatTitle,
      description: text(maxChatChars.description),
      model_config: anything,
    },
    ...{ tags: list(text(50)), ...times, last_used_at: isoShape, lastUsedAt: isoShape },
    ...{ message_count: count(), messageCount: count(), deletedAt: nullable(isoShape) },
  },
  "SurfaceSession",
);

export const messageShape = object(
  {
    ...{ id, session_id: id, sessionId: id, role: choice("system", "user", "assistant", "tool") },
    ...{ content: text(262_144), text: text(262_144), content_type: choice("text", "image", "audio") },
    ...{ metadata: anything, params: anything, imageIds: list(id), ...times, editedOf: nullable(id) },
    ...{ token_count: count(), tool_call: anything, tool_response: anything },
  },
  "SurfaceMessage",
);

/** Of a session that nobody has named yet. */
export const defaultTitle = "New Chat";

export function sessionOnWire(chat: ChatInfo) {
  const { conversationId, ownerId, title, description, modelConfig, tags, messageCount } = chat;
  const [createdAt, lastUsedAt] = [isoTime(chat.createdAtMs), isoTime(chat.lastUsedAtMs)];
  const updatedAt = isoTime(Math.max(chat.updatedAtMs, chat.lastUsedAtMs));
  return {
    ...{ id: chatIdOf(conversationId), user_id: ownerId, userId: ownerId, title: title || defaultTitle, description },
    ...{
      model_config: modelConfig,
      tags: [...tags],
      created_at: createdAt,
      createdAt,
      updated_at: updatedAt,
      updatedAt,
    },
    ...{ last_used_at: lastUsedAt, lastUsedAt, message_count: messageCount, messageCount, deletedAt: null },
  };
}

export function messageOnWire(message: ChatMessage) {
  const { messageId, conversationId, role, text: content, contentType, metadata, params, imageIds } = message;
  const sessionId = chatIdOf(conversationId);
  const [createdAt, updatedAt] = [isoTime(message.createdAtMs), isoTime(message.updatedAtMs)];
  return {
    ...{ id: messageId, session_id: sessionId, sessionId, role, content, text: content, content_type: contentType },
    ...{
      metadata,
      params,
      imageIds: [...imageIds],
      created_at: createdAt,
      createdAt,
      updated_at: updatedAt,
      updatedAt,
    },
    ...{ editedOf: message.editedOf, token_count: message.tokenCount ?? tokensIn(content) },
    ...{ tool_call: message.toolCall, tool_response: message.toolResponse },
  };
}

/** Where no model has counted: four bytes a token, as most texts have it. */
function tokensIn(content: string): number {
  return Math.ceil(Buffer.byteLength(content) / 4);
}

const page = { total: count(), limit: count(), offset: count(), hasMore: flag };
export const sessionsShape = object({ data: list(sessionShape), sessions: list(sessionShape), ...page });
export const messagesShape = object({ data: list(messageShape), messages: list(messageShape), ...page });

export interface PageQuery {
  limit?: number;
  offset?: number;
}
const number = { type: "number", integer: true, convert: true, optional: true } as const;
export const pageRules = {
  limit: { ...number, min: 1, max: 200 },
  offset: { ...number, min: 0, max: 1_000_000_000 },
} as const;
