// Frames that change messages.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { User } from "../../../actors/user/contract.ts";
import { id, optionalId, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { takeOrRefuse } from "../../kit/rate-limit.ts";
import type { Client } from "../client.ts";
import { callerOf, ownConversation } from "./caller.ts";
import { type ClientFrame, clientFrame, type FrameDeps, type Incoming } from "./client-frame.ts";

interface Where {
  messageId: string;
  /** The conversation of the message; a client that names it is answered sooner. */
  sessionId?: string;
}
interface DeleteBody {
  messageIds: string[];
  sessionId?: string;
}

const changeLimit = { name: "ws.change", burst: 120, perMinute: 600 };
const maxDeletedAtOnce = 100;
const findsAtOnce = 8;

export const changeFrames: ClientFrame[] = [
  clientFrame<Where>({
    type: "MESSAGE_RECALL",
    summary: "Takes a message back: the sender within 2 minutes, owner and admins of a group within 24 hours.",
    answer: "OK",
    schema: schema<Where>({ messageId: id, sessionId: optionalId }),
    async handle(incoming, deps) {
      const { conversationId, ref } = await locate(incoming.client, incoming.body, deps);
      const conversation = deps.actors.get(Conversation, conversationId);
      await conversation.recall({ by: incoming.client.userId, message: ref }, options(incoming, deps));
    },
  }),

  clientFrame<Where & { content: unknown }>({
    type: "MESSAGE_EDIT",
    summary: "Replaces the content of one's own text message, within 15 minutes.",
    answer: "OK",
    schema: schema<Where & { content: unknown }>({ messageId: id, sessionId: optionalId, content: "any" }),
    async handle(incoming, deps) {
      const { client, body } = incoming;
      const { conversationId, ref } = await locate(client, body, deps);
      const conversation = deps.actors.get(Conversation, conversationId);
      await conversation.edit({ by: client.userId, message: ref, content: body.content }, options(incoming, deps));
    },
  }),

  clientFrame<DeleteBody>({
    type: "MESSAGE_DELETE",
    summary: "Deletes messages for the caller, on all devices of the caller.",
    answer: "OK",
    schema: schema<DeleteBody>({
      messageIds: { type: "array", items: { type: "string", min: 1, max: 64 }, min: 1, max: maxDeletedAtOnce },
      sessionId: optionalId,
    }),
    handle: deleteForMe,
  }),
];

async function deleteForMe(incoming: Incoming<DeleteBody>, deps: FrameDeps): Promise<void> {
  const { client, body } = incoming;
  const found = new Map<ConversationId, { messageId: string; seq: number }[]>();
  const places = await mapBounded(body.messageIds, findsAtOnce, (messageId) =>
    locate(client, { messageId, sessionId: body.sessionId }, deps),
  );
  for (const { conversationId, ref } of places) {
    const messages = found.get(conversationId) ?? [];
    messages.push({ messageId: ref.messageId, seq: ref.seq });
    found.set(conversationId, messages);
  }
  const user = deps.actors.get(User, callerOf(client).userId);
  for (const [conversationId, messages] of found) {
    await user.deleteMessages({ conversationId, messages }, options(incoming, deps, conversationId));
  }
}

async function locate(client: Client, { messageId: text, sessionId }: Where, { rateLimits, reading }: FrameDeps) {
  const { userId } = callerOf(client);
  takeOrRefuse(rateLimits, changeLimit, userId);
  const asked = { userId, messageId: stampId(text, "message.not_found") };
  const where = sessionId === undefined ? asked : { ...asked, conversationId: ownConversation({ sessionId }, userId) };
  return reading.findMessage(where);
}

/** The same msgId again gets the first result again. */
function options({ client, msgId }: Incoming<unknown>, { clock, limits }: FrameDeps, part = ""): CallOptions {
  const deadlineMs = clock.nowMs() + limits.callDeadlineMs;
  if (msgId === undefined) return { deadlineMs };
  return { deadlineMs, commandId: `${callerOf(client).loginId}/${msgId}${part}` };
}
