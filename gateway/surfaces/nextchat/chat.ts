// Chats with models. Without a session a request passes through, with the caller's own key of the provider if there is one. With
// a session its newest message and the answer are stored, and the answer goes on when its reader leaves.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { optionalText } from "../../input/rules.ts";
import { schema, type Validator } from "../../input/validate.ts";
import { createEnvelopes } from "../../kit/envelope.ts";
import { limits } from "../../kit/rate-limit.ts";
import { written } from "../../kit/raw-http.ts";
import { parseBody } from "../../v1/body.ts";
import { payerOf } from "../../v1/caller.ts";
import { completeChat } from "../../v1/chat-completions.ts";
import { Exchange } from "../../v1/exchange.ts";
import { defaultV1Limits } from "../../v1-ports.ts";
import { anything, flag, list, object, text } from "../../wire/shapes/fields.ts";
import { conversationOfChat, findChat } from "../conversations/chats.ts";
import { type SurfaceRequest, type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { nextchat } from "../kit/surface.ts";
import { passThroughOf } from "./pass-through.ts";
import { askInSession, type SessionAnswer } from "./session-answer.ts";
import { offsetIn, streamAnswer } from "./session-stream.ts";
import { wholeAnswer } from "./whole-answer.ts";

type ChatRequest = SurfaceRequest<string, "key", undefined, unknown>;

const chatErrors = [
  ...(["session.not_found", "llm.model_unknown", "llm.no_config", "llm.budget_spent", "llm.key_spent"] as const),
  ...(["llm.rate_limited", "llm.upstream_failed", "llm.upstream_silent", "message.too_long"] as const),
];

/** For the reference: the body goes up as it came. */
const asOpenAi: Validator<unknown> = {
  shape: {},
  example: { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hello" }] },
  parse: (value) => value,
};

export const nextchatChatRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/chat/completions",
    auth: "key",
    limit: limits.send,
    reads: "bytes",
    body: asOpenAi,
    maxBodyBytes: defaultV1Limits.maxBodyBytes,
    summary: "A chat completion in OpenAI's format; with `session_id` the newest message and the answer are stored",
    answers: anything,
    errors: chatErrors,
    handle: (request) => answer(request as unknown as ChatRequest, false),
  }),

  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/chat/stream",
    auth: "key",
    limit: limits.send,
    reads: "bytes",
    body: asOpenAi,
    maxBodyBytes: defaultV1Limits.maxBodyBytes,
    summary: "The same as a stream of chunks, ended by [DONE]",
    answers: anything,
    errors: chatErrors,
    handle: (request) => answer(request as unknown as ChatRequest, true),
  }),

  surfaceRoute({
    surface: nextchat,
    method: "GET",
    path: "/api/chat/:sessionId/stream",
    auth: "user",
    summary: "The running answer of a session, from the event after Last-Event-ID or `offset`; 204 when none runs",
    query: schema<{ offset?: string }>({ offset: optionalText(20) }),
    answers: anything,
    errors: ["session.not_found"],
    async handle(request) {
      const { principal, params, query, edge, call, http } = request;
      const afterSeq = offsetIn(query.offset ?? http.request.headers["last-event-id"]);
      const { userId } = principal;
      const conversationId = conversationOfChat(params.sessionId);
      await findChat({ edge, userId, call }, conversationId);
      const { replies } = await edge.actors.get(Conversation, conversationId).replies({ userId }, call);
      const running = replies.find(({ isRunning }) => isRunning);
      if (!running) {
        http.status(204);
        return null;
      }
      await streamAnswer({ edge, userId, http }, { conversationId, replyId: running.replyId, model: "" }, afterSeq);
      return written;
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/chat/:sessionId/stop",
    auth: "user",
    summary: "Ends the running answer and drops those that wait; again changes nothing",
    answers: object({ success: flag, stopped: list(text(64)) }),
    errors: ["session.not_found"],
    async handle({ principal: { userId }, params, edge, call }) {
      const conversation = edge.actors.get(Conversation, conversationOfChat(params.sessionId));
      const { replyIds } = await conversation.stopReplies({ userId }, call);
      return { success: true, stopped: replyIds };
    },
  }),
];

async function answer(request: ChatRequest, streams: boolean): Promise<unknown> {
  const { edge, principal, http, call, client } = request;
  const bytes = request.body as Buffer;
  const { value } = parseBody(bytes);
  const sessionId = value.session_id ?? value.sessionId;
  if (sessionId === undefined || sessionId === null) return passThrough(request, bytes, { value, streams });
  const asking = { edge, userId: principal.userId, call };
  const conversationId = conversationOfChat(String(sessionId));
  const asked = await askInSession(asking, conversationId, value, client);
  const viewer = { edge, userId: principal.userId, http };
  if (streams || value.stream === true) await streamAnswer(viewer, asked, 0);
  else return whole(request, asked);
  return written;
}

async function passThrough(
  { edge, principal, http, requestId }: ChatRequest,
  bytes: Buffer,
  { value, streams }: { value: Record<string, unknown>; streams: boolean },
): Promise<typeof written> {
  if (!edge.llm) throw new DomainError("common.unavailable");
  const exchange = new Exchange(
    { clock: edge.clock, envelopes: createEnvelopes(edge) },
    http.request,
    http.response,
    requestId,
  );
  const endpoint = streams ? "/api/chat/stream" : "/api/chat/completions";
  const as = { ...passThroughOf(value), endpoint, ...(streams && { isStream: true }) };
  await completeChat({ ...edge.llm, clock: edge.clock }, exchange, payerOf(principal), bytes, as);
  return written;
}

async function whole({ edge, principal: { userId }, http }: ChatRequest, asked: SessionAnswer): Promise<object> {
  // A model may think for longer than a client may be silent.
  http.request.socket.setTimeout(0);
  const gone = new AbortController();
  http.response.once("close", () => gone.abort());
  return wholeAnswer({ edge, userId }, asked, gone.signal);
}
