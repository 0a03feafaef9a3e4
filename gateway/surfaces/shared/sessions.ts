// Sessions, at the addresses that two surfaces share, and those that one of them has alone.
import { maxChatChars } from "../../../actors/conversation/assistant/limits.ts";
import { Conversation } from "../../../actors/conversation/contract.ts";
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { conversationOfChat, createChat, findChat, listChats, updateChat } from "../conversations/chats.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { succeeded, success } from "../kit/shapes.ts";
import { image, nextchat } from "../kit/surface.ts";
import { defaultTitle, type PageQuery, pageRules, sessionOnWire, sessionShape, sessionsShape } from "./session.ts";

interface ListQuery extends PageQuery {
  tag?: string;
  q?: string;
}
interface SessionBody {
  title?: string;
  description?: string;
  model_config?: Record<string, unknown>;
  tags?: string[];
}
const sessionBody = schema<SessionBody>(
  {
    title: optionalText(maxChatChars.title),
    description: optionalText(maxChatChars.description),
    model_config: { type: "object", optional: true },
    tags: { type: "array", items: { type: "string", max: 50 }, max: 20, optional: true },
  },
  { example: { title: "Trip", model_config: { provider: "openai", model: "gpt-4o-mini" } } },
);

export const sessionRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: [nextchat, image],
    method: "GET",
    path: "/api/sessions",
    auth: "user",
    summary: "The caller's sessions, newest first; `tag` and `q` choose among them",
    query: schema<ListQuery>({ ...pageRules, tag: optionalText(50), q: optionalText(200) }),
    answers: sessionsShape,
    async handle({ principal: { userId }, query, edge, call }) {
      const { limit = 20, offset = 0, tag, q } = query;
      const word = q?.toLowerCase();
      const matches =
        tag === undefined && word === undefined
          ? undefined
          : ({ tags, title, description }: { tags: readonly string[]; title: string; description: string }) =>
              (tag === undefined || tags.includes(tag)) &&
              (word === undefined || `${title}\n${description}`.toLowerCase().includes(word));
      const { chats, total } = await listChats({ edge, userId, call }, { limit, offset, matches });
      const sessions = chats.map(sessionOnWire);
      return { data: sessions, sessions, total, limit, offset, hasMore: offset + sessions.length < total };
    },
  }),

  surfaceRoute({
    surface: [nextchat, image],
    method: "POST",
    path: "/api/sessions",
    auth: "user",
    summary: "Begins a session",
    body: sessionBody,
    answers: sessionShape,
    async handle({ principal: { userId }, body, edge, call, namedDialect }) {
      // Clients of the image surface begin every session under this title, and expect another one of its first messages.
      const isUnnamed = namedDialect !== "nextchat" && body.title === defaultTitle;
      const chat = chatOf(isUnnamed ? { ...body, title: "" } : body);
      return sessionOnWire(await createChat({ edge, userId, call }, chat));
    },
  }),

  surfaceRoute({
    surface: [nextchat, image],
    method: "GET",
    path: "/api/sessions/:id",
    auth: "user",
    summary: "One session",
    answers: sessionShape,
    errors: ["session.not_found"],
    handle: async ({ principal: { userId }, params, edge, call }) =>
      sessionOnWire(await findChat({ edge, userId, call }, conversationOfChat(params.id))),
  }),

  surfaceRoute({
    surface: nextchat,
    method: "PUT",
    path: "/api/sessions/:id",
    auth: "user",
    summary: "Changes the fields of a session that are given",
    body: sessionBody,
    answers: sessionShape,
    errors: ["session.not_found"],
    handle: async ({ principal: { userId }, params, body, edge, call }) =>
      sessionOnWire(await updateChat({ edge, userId, call }, conversationOfChat(params.id), chatOf(body))),
  }),

  surfaceRoute({
    surface: nextchat,
    method: "DELETE",
    path: "/api/sessions/:id",
    auth: "user",
    summary: "Deletes a session for good; its running reply ends",
    answers: success,
    errors: ["session.not_found"],
    async handle({ principal: { userId }, params, edge, call }) {
      await edge.actors.get(Conversation, conversationOfChat(params.id)).deleteChat({ userId }, call);
      return succeeded;
    },
  }),
];

function chatOf({ title, description, model_config: modelConfig, tags }: SessionBody) {
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(modelConfig !== undefined && { modelConfig }),
    ...(tags !== undefined && { tags }),
  };
}
