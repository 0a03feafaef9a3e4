// Frames of the message path: send, acknowledge, read, type.

import { Conversation } from "../../../actors/conversation/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { maxItems } from "../../../actors/shared/limits.ts";
import { type MessageBody, messageExample, messageShape, sendErrors, sendOptionsOf } from "../../input/message-body.ts";
import { id, optionalId, optionalIdsUpTo, optionalSeq } from "../../input/rules.ts";
import { invalid, schema } from "../../input/validate.ts";
import { limits as rateLimits, takeMentionAll, takeOrRefuse } from "../../kit/rate-limit.ts";
import { findReferences } from "../../references/references.ts";
import { ClientSends } from "../intake/send-queues.ts";
import { callerOf, ownConversation } from "./caller.ts";
import { type ClientFrame, clientFrame, type FrameDeps, type Incoming } from "./client-frame.ts";

interface AckBody {
  sessionId?: string;
  seq?: number;
  /** Of the last applied frame: confirms edits and recalls behind the last message, too. */
  version?: number;
  messageIds?: string[];
}
interface ReadBody {
  sessionId: string;
  seq?: number;
  messageIds?: string[];
}
interface TypingBody {
  sessionId: string;
  sessionType?: string;
}

/** Typing is worth little: frames above the limit are dropped without an answer. */
const typingLimit = { name: "ws.typing", burst: 10, perMinute: 60 };

export const messageFrames: ClientFrame[] = [
  clientFrame<MessageBody>({
    type: "SEND_MESSAGE",
    summary: "Sends a message; msgId is its idempotency key. sessionId, receiverId or groupId says where.",
    answers: ["SEND_ACK"],
    schema: schema<MessageBody>(messageShape, { example: messageExample }),
    does: ["message.send", "message.send_while_muted", "message.announce", "message.mention_all"],
    errors: sendErrors,
    handle({ client, body, msgId, sizeBytes }, deps) {
      if (msgId === undefined || msgId === "") throw malformed("msgId");
      const { userId, deviceId } = callerOf(client);
      takeOrRefuse(deps.rateLimits, rateLimits.send, userId);
      takeMentionAll(deps.rateLimits, userId, body.mentions);
      const { contentType, content } = body;
      const conversationId = ownConversation(body, userId);
      const message = {
        senderId: userId,
        deviceId,
        clientMsgId: msgId,
        senderName: "",
        senderAvatar: "",
        contentType,
        content,
        options: sendOptionsOf(body),
      };
      const find = () => findReferences(deps, { senderId: userId, conversationId }, body);
      client.sends ??= new ClientSends(deps.sends, client);
      client.sends.submit(conversationId, { sizeBytes, message, find });
    },
  }),

  clientFrame<AckBody>({
    type: "MESSAGE_ACK",
    summary: "Delivered: everything of the conversation up to `seq` (or `version`), or up to these messages.",
    answers: [],
    schema: schema<AckBody>(
      {
        sessionId: optionalId,
        seq: optionalSeq,
        version: optionalSeq,
        messageIds: optionalIdsUpTo(maxItems.messageIds),
      },
      { example: { sessionId: "s_247239848097504_247239848101600", seq: 42 } },
    ),
    handle({ client, body: { sessionId, seq, version, messageIds } }, { acks }) {
      if (sessionId !== undefined && seq !== undefined) acks.acknowledge(client, sessionId, seq, version);
      else if (messageIds !== undefined) acks.acknowledgeMessages(client, messageIds);
      else throw malformed("sessionId and seq, or messageIds");
    },
  }),

  clientFrame<ReadBody>({
    type: "MESSAGE_READ",
    summary: "Read mark, only forward. The other side gets MESSAGE_READ, in groups the sender GROUP_MESSAGE_READ.",
    answers: [],
    errors: ["session.not_found", "message.not_found"],
    schema: schema<ReadBody>(
      { sessionId: id, seq: optionalSeq, messageIds: optionalIdsUpTo(maxItems.messageIds) },
      { example: { sessionId: "s_247239848097504_247239848101600", seq: 42 } },
    ),
    handle: markRead,
  }),

  clientFrame<TypingBody>({
    type: "TYPING",
    summary: "The caller is typing; to be sent at most every 3 seconds.",
    answers: [],
    does: ["message.type"],
    schema: schema<TypingBody>({ sessionId: id, sessionType: optionalId }),
    async handle({ client, body }, { rateLimits, actors }) {
      const { userId, deviceId } = callerOf(client);
      const conversationId = ownConversation({ sessionId: body.sessionId }, userId);
      if (!rateLimits.take(typingLimit, userId).ok) return;
      await actors.get(Conversation, conversationId).typing({ userId, deviceId });
    },
  }),
];

async function markRead({ client, body }: Incoming<ReadBody>, deps: FrameDeps): Promise<void> {
  const { sessionId, seq, messageIds = [] } = body;
  const { userId } = callerOf(client);
  const conversationId = ownConversation({ sessionId }, userId);
  const readSeq = seq ?? (await newestSeq(userId, conversationId, messageIds, deps));
  const knownSeq = deps.channels.find(conversationId)?.seq ?? 0;
  if (readSeq <= knownSeq) deps.readMarks.read(conversationId, userId, readSeq);
  else await deps.readMarks.readAtOnce(conversationId, userId, readSeq, knownSeq);
}

async function newestSeq(
  userId: string,
  conversationId: string,
  messageIds: readonly string[],
  { reading }: Pick<FrameDeps, "reading">,
): Promise<number> {
  // Ids rise with seqs, so the largest id has the largest seq.
  const newest = messageIds.toSorted((a, b) => Number(a) - Number(b)).at(-1);
  if (newest === undefined) throw malformed("seq or messageIds");
  const { ref } = await reading.findMessage({ userId, messageId: newest, conversationId });
  return ref.seq;
}

function malformed(expected: string): DomainError {
  const { details } = invalid([{ field: expected, expected: "required" }]);
  return new DomainError("gateway.malformed", { details });
}
