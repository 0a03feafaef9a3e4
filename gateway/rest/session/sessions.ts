// The conversation list, served as /sessions and as /conversations.

import { maxChatChars } from "../../../actors/conversation/assistant/limits.ts";
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { RuntimeError } from "../../../actors/runtime/errors.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { conversationTypeOf } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import {
  conversationId,
  need,
  optionalCount,
  optionalFlag,
  optionalId,
  optionalSeq,
  optionalText,
  optionalTime,
} from "../../input/rules.ts";
import { findConversation, type Target, targetShape } from "../../input/target.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { markRead } from "../../kit/mark-read.ts";
import { limits } from "../../kit/rate-limit.ts";
import { addressOnWire } from "../../wire/message.ts";
import { sessionOnWire } from "../../wire/session.ts";
import { either, nothing } from "../../wire/shapes/fields.ts";
import { openedSessionShape, sessionListShape, sessionShape, unreadTotalShape } from "../../wire/shapes/session.ts";
import { optionalCursor } from "../kit/cursor.ts";
import { alias, type Edge, type Route, route } from "../kit/route.ts";
import { type ChatBody, changeChat, openChat } from "./chats.ts";
import { type PageQuery, pageOfSessions } from "./session-page.ts";

interface OpenBody extends Target, ChatBody {}

interface ListQuery extends PageQuery {
  lastUpdateTime?: number;
}

const routes: Route[] = [
  route({
    method: "GET",
    path: "/sessions",
    auth: "user",
    summary: "The conversation list; with lastUpdateTime the entries that changed since, and the ids of those removed",
    query: schema<ListQuery>({
      lastUpdateTime: optionalTime,
      updatedBefore: optionalTime,
      limit: optionalCount(10_000),
      cursor: optionalCursor,
    }),
    answers: sessionListShape,
    async handle({ caller, query, edge }) {
      const { userId } = caller;
      const sinceMs = msOfWireTime(query.lastUpdateTime ?? 0);
      const listed = await edge.reading.sessions(sinceMs > 0 ? { userId, sinceMs } : { userId });
      const { page, total, nextCursor } = pageOfSessions(listed.sessions, query);
      return {
        sessions: page.map((view) => sessionOnWire(view, userId)),
        total,
        hasMore: nextCursor !== null,
        nextCursor,
        deletedIds: listed.deletedIds,
        full: listed.full,
        updateTime: listed.updateTimeMs,
      };
    },
  }),

  route({
    method: "GET",
    path: "/sessions/unread/total",
    auth: "user",
    summary: "How many messages are unread in all",
    answers: unreadTotalShape,
    errors: ["session.unread_unknown"],
    async handle({ caller, edge }) {
      const totalUnread = await edge.reading.unreadTotal({ userId: caller.userId }).catch(notCounted);
      return { totalUnread, total: totalUnread };
    },
  }),

  route({
    method: "POST",
    path: "/sessions",
    auth: "user",
    limit: limits.createChat,
    summary: "Opens a conversation with a user or a group; with assistantId a new chat with a model",
    body: schema<OpenBody>(
      { ...targetShape, assistantId: optionalId, title: optionalText(maxChatChars.title) },
      { example: { userId: "247239848101600" } },
    ),
    answers: either(sessionShape, openedSessionShape),
    does: ["conversation.open", "chat.create"],
    errors: ["session.nobody", "user.not_found", "friend.self", "llm.assistant_not_found", "llm.no_config"],
    async handle({ caller, body, edge, call }) {
      const { userId } = caller;
      if (body.assistantId !== undefined) {
        const id = await openChat(edge, userId, { assistantId: body.assistantId, title: body.title }, call);
        return sessionOnWire(await edge.reading.session({ userId, conversationId: id }), userId);
      }
      const asked = findConversation(body, userId);
      if (asked === undefined) throw new DomainError("session.nobody");
      const { conversationId: id } = await edge.actors.get(Conversation, asked).open({ userId }, call);
      try {
        return sessionOnWire(await edge.reading.session({ userId, conversationId: id }), userId);
      } catch (error) {
        // Before its first message a conversation need not stand in the caller's list.
        const isAbsent = error instanceof DomainError && error.error === "session.not_found";
        if (isAbsent) return { ...addressOnWire(id), lastMessage: null, unreadCount: 0 };
        throw error;
      }
    },
  }),

  route({
    method: "GET",
    path: "/sessions/:id",
    auth: "user",
    summary: "One entry of the list",
    answers: sessionShape,
    errors: ["session.not_found", "session.deleted"],
    async handle({ caller, params, edge }) {
      const { userId } = caller;
      const view = await edge.reading.session({ userId, conversationId: conversationId(params.id) });
      if (view.isHidden) throw new DomainError("session.deleted");
      return sessionOnWire(view, userId);
    },
  }),

  route({
    method: "DELETE",
    path: "/sessions/:id",
    auth: "user",
    summary: "Removes the entry from the list until the next message; a chat with a model is deleted for good",
    answers: nothing,
    does: ["conversation.view", "chat.delete"],
    async handle({ caller, params, edge, call }) {
      const id = conversationId(params.id);
      if (conversationTypeOf(id) === "assistant") {
        return edge.actors.get(Conversation, id).deleteChat({ userId: caller.userId }, call);
      }
      const seq = await lastSeq(edge, caller, id, call);
      return edge.actors.get(User, caller.userId).hide({ conversationId: id, seq }, call);
    },
  }),

  route({
    method: "PUT",
    path: "/sessions/:id",
    auth: "user",
    summary: "Changes the title or the assistant of a chat with a model; an empty title is made by the model again",
    body: schema<ChatBody>(
      { title: optionalText(maxChatChars.title), assistantId: optionalId },
      { example: { title: "Holidays" } },
    ),
    answers: sessionShape,
    does: ["chat.update"],
    errors: ["session.not_found", "llm.assistant_not_found", "llm.no_config"],
    async handle({ caller, params, body, edge, call }) {
      const { userId } = caller;
      const id = conversationId(params.id);
      if (conversationTypeOf(id) !== "assistant") throw new DomainError("session.not_found");
      await changeChat(edge, userId, id, body, call);
      return sessionOnWire(await edge.reading.session({ userId, conversationId: id }), userId);
    },
  }),

  route({
    method: "DELETE",
    path: "/sessions/:id/messages",
    auth: "user",
    summary: "Clears the history for the caller",
    answers: nothing,
    does: ["conversation.view"],
    async handle({ caller, params, edge, call }) {
      const id = conversationId(params.id);
      const seq = await lastSeq(edge, caller, id, call);
      return edge.actors.get(User, caller.userId).clear({ conversationId: id, seq }, call);
    },
  }),

  route({
    method: "PUT",
    path: "/sessions/:id/pin",
    auth: "user",
    summary: "Pins the entry, or unpins it",
    body: schema<{ pinned?: boolean; isPinned?: boolean }>(
      { pinned: optionalFlag, isPinned: optionalFlag },
      { example: { isPinned: true } },
    ),
    answers: nothing,
    errors: ["session.not_found"],
    handle: async ({ caller, params, body, edge, call }) =>
      edge.actors
        .get(User, caller.userId)
        .pin({ conversationId: conversationId(params.id), isPinned: need("pinned", body.pinned, body.isPinned) }, call),
  }),

  route({
    method: "PUT",
    path: "/sessions/:id/mute",
    auth: "user",
    summary: "Mutes the conversation for the caller, or unmutes it",
    body: schema<{ muted?: boolean; isMuted?: boolean }>(
      { muted: optionalFlag, isMuted: optionalFlag },
      { example: { isMuted: true } },
    ),
    answers: nothing,
    errors: ["session.not_found"],
    handle: async ({ caller, params, body, edge, call }) =>
      edge.actors
        .get(User, caller.userId)
        .mute({ conversationId: conversationId(params.id), isMuted: need("muted", body.muted, body.isMuted) }, call),
  }),

  route({
    method: "POST",
    path: "/sessions/:id/read",
    auth: "user",
    summary: "Marks the conversation as read, up to `seq` or its last message",
    body: schema<{ seq?: number }>({ seq: optionalSeq }, { example: { seq: 42 } }),
    answers: nothing,
    does: ["message.mark", "conversation.view"],
    async handle({ caller, params, body, edge, call }) {
      const id = conversationId(params.id);
      const seq = body.seq ?? (await lastSeq(edge, caller, id, call));
      await markRead(edge.actors, id, { userId: caller.userId, seq }, call);
      return null;
    },
  }),
];

export const sessionRoutes: Route[] = [...routes, ...alias(routes, "/sessions", "/conversations")];

function notCounted(cause: unknown): never {
  if (cause instanceof RuntimeError) throw new DomainError("session.unread_unknown", { cause });
  throw cause;
}

async function lastSeq(edge: Edge, { userId }: { userId: string }, id: string, call: CallOptions): Promise<number> {
  const { head } = await edge.actors.get(Conversation, id).window({ userId }, call);
  return head.seq;
}
