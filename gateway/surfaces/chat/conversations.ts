// Conversations of the one-to-one chat.

import type { ChatInfo } from "../../../actors/conversation/assistant/contract.ts";
import { Conversation } from "../../../actors/conversation/contract.ts";
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { count, list, nothing, object } from "../../wire/shapes/fields.ts";
import { chatTitle } from "../../wire/shapes/message.ts";
import { chatIdOf, createChat, findChat, listChats } from "../conversations/chats.ts";
import { isoTime } from "../identity/account.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { intId, isoShape } from "../kit/shapes.ts";
import { chat } from "../kit/surface.ts";
import { conversationIn, type PageQuery, pageQuery } from "./input.ts";

/** Of a conversation that nobody has named yet. */
const defaultTitle = "新对话";

/** Shorter than a chat's title may be: clients of this surface keep it in a column of this size. */
const maxTitleChars = 200;

const bareProps = { id: intId, title: chatTitle, created_at: isoShape };
const conversationProps = { ...bareProps, updated_at: isoShape };

export const chatConversationRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: chat,
    method: "POST",
    path: "/conversations",
    auth: "user",
    status: 201,
    summary: "Begins a conversation",
    body: schema<{ title?: string }>({ title: optionalText(maxTitleChars) }),
    answers: object(bareProps),
    async handle({ principal: { userId }, body, edge, call }) {
      const { updated_at: _, ...made } = onWire(await createChat({ edge, userId, call }, body));
      return made;
    },
  }),

  surfaceRoute({
    surface: chat,
    method: "GET",
    path: "/conversations",
    auth: "user",
    summary: "The caller's conversations, newest first",
    query: pageQuery(100),
    answers: object({
      conversations: list(object({ ...conversationProps, message_count: count() })),
      total: count(),
    }),
    async handle({ principal: { userId }, query, edge, call }) {
      const { limit = 20, offset = 0 }: PageQuery = query;
      const { chats, total } = await listChats({ edge, userId, call }, { limit, offset });
      return { conversations: chats.map((info) => ({ ...onWire(info), message_count: info.messageCount })), total };
    },
  }),

  surfaceRoute({
    surface: chat,
    method: "GET",
    path: "/conversations/:id",
    auth: "user",
    summary: "One conversation",
    answers: object(conversationProps),
    errors: ["session.not_found"],
    async handle({ principal: { userId }, params, edge, call }) {
      return onWire(await findChat({ edge, userId, call }, conversationIn(params.id)));
    },
  }),

  surfaceRoute({
    surface: chat,
    method: "DELETE",
    path: "/conversations/:id",
    auth: "user",
    status: 204,
    summary: "Deletes a conversation for good; its running reply ends",
    answers: nothing,
    errors: ["session.not_found"],
    async handle({ principal: { userId }, params, edge, call }) {
      await edge.actors.get(Conversation, conversationIn(params.id)).deleteChat({ userId }, call);
      return null;
    },
  }),
];

function onWire({ conversationId, title, createdAtMs, updatedAtMs, lastUsedAtMs }: ChatInfo) {
  return {
    id: Number(chatIdOf(conversationId)),
    title: title || defaultTitle,
    created_at: isoTime(createdAtMs),
    updated_at: isoTime(Math.max(updatedAtMs, lastUsedAtMs)),
  };
}
