// Messages of the one-to-one chat. The reply to one streams to the sockets of its conversation.
import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { choice, flag, list, object, text } from "../../wire/shapes/fields.ts";
import { type Asking, findChat } from "../conversations/chats.ts";
import { type ChatMessage, findChatMessage, messagesBefore, sendToChat } from "../conversations/messages.ts";
import { isoTime } from "../identity/account.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { intId, isoShape, maxMessageBodyBytes } from "../kit/shapes.ts";
import { chat } from "../kit/surface.ts";
import { refuseWithoutModel } from "./answerable.ts";
import { conversationIn } from "./input.ts";

interface HistoryQuery {
  limit?: number;
  before_id?: number;
}
const number = { type: "number", integer: true, convert: true, optional: true } as const;
const messageShape = object({
  id: intId,
  sender: choice("user", "ai"),
  content: text(262_144),
  timestamp: isoShape,
});

export const chatMessageRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: chat,
    method: "GET",
    path: "/conversations/:id/messages",
    auth: "user",
    summary: "The newest messages, or those before `before_id`, oldest first",
    query: schema<HistoryQuery>({
      limit: { ...number, min: 1, max: 200 },
      before_id: { ...number, min: 1, max: Number.MAX_SAFE_INTEGER },
    }),
    answers: object({ messages: list(messageShape), has_more: flag }),
    errors: ["session.not_found"],
    async handle({ principal: { userId }, params, query, edge, call }) {
      const conversationId = conversationIn(params.id);
      const asking = { edge, userId, call };
      await findChat(asking, conversationId);
      const beforeSeq = await seqOf(asking, conversationId, query.before_id);
      const { limit = 50 } = query;
      const { messages, hasMore } = await messagesBefore(asking, conversationId, { beforeSeq, limit });
      return { messages: messages.map(onWire), has_more: hasMore };
    },
  }),

  surfaceRoute({
    surface: chat,
    method: "POST",
    path: "/conversations/:id/messages",
    auth: "user",
    limit: limits.send,
    maxBodyBytes: maxMessageBodyBytes,
    summary: "Sends a message; its reply streams over the WebSocket of the conversation",
    body: schema<{ content: string }>({ content: { type: "string", min: 1 } }, { example: { content: "Hello" } }),
    answers: messageShape,
    errors: ["session.not_found", "llm.no_config", "llm.rate_limited", "message.empty", "message.too_long"],
    async handle({ principal: { userId }, params, body, edge, call, client }) {
      const conversationId = conversationIn(params.id);
      const asking = { edge, userId, call };
      await findChat(asking, conversationId);
      await refuseWithoutModel(asking);
      const { content } = body;
      const message = { contentType: "text" as const, content };
      const sent = await sendToChat(asking, conversationId, message, { client, surface: "chat" });
      return { id: Number(sent.messageId), sender: "user" as const, content, timestamp: isoTime(sent.atMs) };
    },
  }),
];

function onWire({ messageId, role, text: content, createdAtMs }: ChatMessage) {
  const sender = role === "user" ? ("user" as const) : ("ai" as const);
  return { id: Number(messageId), sender, content, timestamp: isoTime(createdAtMs) };
}

/** 0 without an id. Ids of a conversation only rise, so an id that it does not have stands for its place. */
async function seqOf(asking: Asking, conversationId: ConversationId, beforeId: number | undefined): Promise<number> {
  if (beforeId === undefined) return 0;
  try {
    return (await findChatMessage(asking, String(beforeId), conversationId)).ref.seq;
  } catch (error) {
    if (!(error instanceof DomainError && error.error === "message.not_found")) throw error;
  }
  for (let beforeSeq = 0; ; ) {
    const { messages, hasMore } = await messagesBefore(asking, conversationId, { beforeSeq, limit: 200 });
    const place = messages.findIndex(({ messageId }) => Number(messageId) >= beforeId);
    if (place < 0) return beforeSeq;
    beforeSeq = messages[place]?.seq ?? 0;
    if (place > 0 || !hasMore) return beforeSeq;
  }
}
