// Frames that change messages.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { type EditBody, editErrors, editShape } from "../../input/message-body.ts";
import { id, optionalId, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { takeOrRefuse } from "../../kit/rate-limit.ts";
import { react } from "../../kit/react.ts";
import { recalledContent } from "../../kit/recalled-content.ts";
import type { Client } from "../intake/client.ts";
import { callerOf, ownConversation } from "./caller.ts";
import { type ClientFrame, clientFrame, type FrameDeps, type Incoming, type OkData } from "./client-frame.ts";

interface Where {
  messageId: string;
  /** The conversation of the message; a client that names it is answered sooner. */
  sessionId?: string;
}
type EditFrame = Where & EditBody;
interface PinBody extends Where {
  on: boolean;
}
interface ReactionBody extends PinBody {
  emoji: string;
}
interface DeleteBody {
  messageIds: string[];
  sessionId?: string;
}

const changeLimit = { name: "ws.change", burst: 120, perMinute: 600 };
const maxDeletedAtOnce = 100;
const inOrder = "Changes of one message by one socket take effect in the order in which they were sent.";

export const changeFrames: ClientFrame[] = [
  clientFrame<Where>({
    type: "MESSAGE_RECALL",
    summary: `Takes a message back: the sender within 2 minutes, owner and admins of a group within 24 hours. The OK of the sender holds the content, once. ${inOrder}`,
    answers: ["OK"],
    schema: schema<Where>({ messageId: id, sessionId: optionalId }),
    does: ["message.recall_own", "message.recall_any"],
    errors: ["message.not_found", "message.recall_too_late"],
    handle: change(messageIdOf, async (incoming, deps) => {
      const found = await locate(incoming, deps);
      const { userId } = callerOf(incoming.client);
      const conversation = deps.actors.get(Conversation, found.conversationId);
      const recalled = await conversation.recall({ by: userId, message: found.ref }, options(incoming, deps));
      const content = recalledContent(found, userId, recalled);
      return content === undefined ? undefined : { messageId: found.ref.messageId, content };
    }),
  }),

  clientFrame<EditFrame>({
    type: "MESSAGE_EDIT",
    summary: `Replaces the content of one's own text message, within 15 minutes. ${inOrder}`,
    answers: ["OK"],
    schema: schema<EditFrame>({ messageId: id, sessionId: optionalId, ...editShape }),
    does: ["message.edit", "message.mention_all"],
    errors: editErrors,
    handle: change<EditFrame>(messageIdOf, async (incoming, deps) => {
      const { client, body } = incoming;
      const { conversationId, ref, message } = await locate(incoming, deps);
      const { content, mentions } = body;
      const command = { by: client.userId, message: ref, content, mentions, original: message.content };
      await deps.actors.get(Conversation, conversationId).edit(command, options(incoming, deps));
    }),
  }),

  clientFrame<PinBody>({
    type: "MESSAGE_PIN",
    summary: `Pins a message or unpins it: in a group owner and admins, in a chat of two both. ${inOrder}`,
    answers: ["OK"],
    schema: schema<PinBody>({ messageId: id, sessionId: optionalId, on: { type: "boolean" } }),
    does: ["message.pin"],
    errors: ["message.not_found", "message.recalled"],
    handle: change<PinBody>(messageIdOf, async (incoming, deps) => {
      const { client, body } = incoming;
      const { conversationId, place } = await placeOf(incoming, deps);
      const conversation = deps.actors.get(Conversation, conversationId);
      await conversation.pin({ by: client.userId, message: place, on: body.on }, options(incoming, deps));
    }),
  }),

  clientFrame<ReactionBody>({
    type: "REACTION",
    summary: `Reacts to a message with one emoji, or takes that back. ${inOrder}`,
    answers: ["OK"],
    schema: schema<ReactionBody>(
      { messageId: id, sessionId: optionalId, emoji: { type: "string", min: 1, max: 64 }, on: { type: "boolean" } },
      { example: { messageId: "247239848097504", emoji: "👍", on: true } },
    ),
    does: ["message.react"],
    errors: ["message.not_found", "message.recalled", "common.invalid", "common.conflict"],
    handle: change<ReactionBody>(messageIdOf, async (incoming, deps) => {
      const { client, body } = incoming;
      const tap = { by: client.userId, emoji: body.emoji, on: body.on };
      await react(deps.actors, () => placeOf(incoming, deps), tap, options(incoming, deps));
    }),
  }),

  clientFrame<DeleteBody>({
    type: "MESSAGE_DELETE",
    summary: `Deletes messages for the caller, on all devices of the caller. ${inOrder}`,
    answers: ["OK"],
    errors: ["message.not_found", "session.not_found"],
    schema: schema<DeleteBody>({
      messageIds: { type: "array", items: { type: "string", min: 1, max: 64 }, min: 1, max: maxDeletedAtOnce },
      sessionId: optionalId,
    }),
    handle: change(({ messageIds }) => messageIds, deleteForMe),
  }),
];

/** Takes from the rate limit when the frame comes, and runs when earlier changes of the same messages are done. */
function change<Body>(
  messageIdsOf: (body: Body) => readonly string[],
  run: (incoming: Incoming<Body>, deps: FrameDeps) => Promise<OkData>,
): ClientFrame<Body>["handle"] {
  return async (incoming, deps) => {
    const { client, body } = incoming;
    const { userId } = callerOf(client);
    const messageIds = messageIdsOf(body).map((text) => stampId(text, "message.not_found"));
    for (const _ of messageIds) takeOrRefuse(deps.rateLimits, changeLimit, userId);
    return client.runInOrder(messageIds, () => run(incoming, deps));
  };
}

function messageIdOf({ messageId }: Where): readonly string[] {
  return [messageId];
}

async function deleteForMe(incoming: Incoming<DeleteBody>, deps: FrameDeps): Promise<undefined> {
  const { client, body } = incoming;
  const places = await deps.reading.findMessages({ ...whereOf(client, body), messageIds: body.messageIds });
  const found = new Map<ConversationId, { messageId: string; seq: number }[]>();
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

function locate({ client, body }: Incoming<Where>, { reading }: FrameDeps) {
  return reading.findMessage({ ...whereOf(client, body), messageId: body.messageId });
}

function placeOf({ client, body }: Incoming<Where>, { reading }: FrameDeps) {
  return reading.place({ ...whereOf(client, body), messageId: body.messageId });
}

function whereOf(client: Client, { sessionId }: { sessionId?: string }) {
  const { userId } = callerOf(client);
  return sessionId === undefined ? { userId } : { userId, conversationId: ownConversation({ sessionId }, userId) };
}

/** The same msgId again gets the first result again. */
function options({ client, msgId }: Incoming<unknown>, { clock, limits }: FrameDeps, part = ""): CallOptions {
  const deadlineMs = clock.nowMs() + limits.callDeadlineMs;
  if (msgId === undefined) return { deadlineMs };
  return { deadlineMs, commandId: `${callerOf(client).loginId}/${msgId}${part}` };
}
