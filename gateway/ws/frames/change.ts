// Frames that change messages.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { id, optionalId, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { takeOrRefuse } from "../../kit/rate-limit.ts";
import { type ClientFrame, clientFrame, type Incoming } from "../socket/client-frame.ts";
import type { Connection } from "../socket/connection.ts";
import { callerOf, ownConversation } from "./caller.ts";

interface Where {
  messageId: string;
  /** Where the message is, for those who know: it is found sooner. */
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
    async handle(connection, body, incoming) {
      const { userId } = callerOf(connection);
      const { conversationId, ref } = await locate(connection, body);
      const conversation = connection.edge.deps.actors.get(Conversation, conversationId);
      await conversation.recall({ by: userId, message: ref }, options(connection, incoming));
    },
  }),

  clientFrame<Where & { content: unknown }>({
    type: "MESSAGE_EDIT",
    summary: "Replaces the content of one's own text message, within 15 minutes.",
    answer: "OK",
    schema: schema<Where & { content: unknown }>({ messageId: id, sessionId: optionalId, content: "any" }),
    async handle(connection, body, incoming) {
      const { userId } = callerOf(connection);
      const { conversationId, ref } = await locate(connection, body);
      const conversation = connection.edge.deps.actors.get(Conversation, conversationId);
      await conversation.edit({ by: userId, message: ref, content: body.content }, options(connection, incoming));
    },
  }),

  clientFrame<DeleteBody>({
    type: "MESSAGE_DELETE",
    summary: "Deletes messages for the caller, on all his devices.",
    answer: "OK",
    schema: schema<DeleteBody>({
      messageIds: { type: "array", items: { type: "string", min: 1, max: 64 }, min: 1, max: maxDeletedAtOnce },
      sessionId: optionalId,
    }),
    handle: deleteForMe,
  }),
];

async function deleteForMe(connection: Connection, body: DeleteBody, incoming: Incoming): Promise<void> {
  const { userId } = callerOf(connection);
  const found = new Map<ConversationId, { messageId: string; seq: number }[]>();
  for (let i = 0; i < body.messageIds.length; i += findsAtOnce) {
    const ids = body.messageIds.slice(i, i + findsAtOnce);
    const places = await Promise.all(
      ids.map((messageId) => locate(connection, { messageId, sessionId: body.sessionId })),
    );
    for (const { conversationId, ref } of places) {
      const messages = found.get(conversationId) ?? [];
      messages.push({ messageId: ref.messageId, seq: ref.seq });
      found.set(conversationId, messages);
    }
  }
  const user = connection.edge.deps.actors.get(User, userId);
  for (const [conversationId, messages] of found) {
    await user.deleteMessages({ conversationId, messages }, options(connection, incoming, conversationId));
  }
}

async function locate(connection: Connection, { messageId: text, sessionId }: Where) {
  const { deps } = connection.edge;
  const { userId } = callerOf(connection);
  takeOrRefuse(deps.rateLimits, changeLimit, userId);
  const asked = { userId, messageId: stampId(text, "message.not_found") };
  const where = sessionId === undefined ? asked : { ...asked, conversationId: ownConversation({ sessionId }, userId) };
  return deps.reading.findMessage(where);
}

/** The same msgId again gets the first result again. */
function options(connection: Connection, { msgId }: Incoming, part = ""): CallOptions {
  const { deps } = connection.edge;
  const deadlineMs = deps.clock.nowMs() + deps.limits.callDeadlineMs;
  if (msgId === undefined) return { deadlineMs };
  return { deadlineMs, commandId: `${callerOf(connection).loginId}/${msgId}${part}` };
}
