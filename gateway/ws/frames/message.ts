// Frames of the message path: send, acknowledge, read, type.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { type MessageBody, messageShape, sendOptionsOf } from "../../input/message-body.ts";
import { id, optionalId, optionalIds, optionalSeq } from "../../input/rules.ts";
import { invalid, schema } from "../../input/validate.ts";
import { limits as rateLimits, takeOrRefuse } from "../../kit/rate-limit.ts";
import { acknowledge, acknowledgeMessages } from "../delivery/acks.ts";
import { submit } from "../send-lanes.ts";
import { type ClientFrame, clientFrame } from "../socket/client-frame.ts";
import type { Connection } from "../socket/connection.ts";
import { callerOf, ownConversation } from "./caller.ts";

interface AckBody {
  sessionId?: string;
  seq?: number;
  /** Of the last frame applied: confirms edits and recalls behind the last message, too. */
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

/** Typing is worth little: what comes too often is dropped without an answer. */
const typingLimit = { name: "ws.typing", burst: 10, perMinute: 60 };

export const messageFrames: ClientFrame[] = [
  clientFrame<MessageBody>({
    type: "SEND_MESSAGE",
    summary: "Sends a message; msgId is its idempotency key. sessionId, receiverId or groupId says where.",
    answer: "SEND_ACK",
    schema: schema<MessageBody>(messageShape),
    handle(connection, body, { msgId, sizeBytes }) {
      if (msgId === undefined || msgId === "") throw malformed("msgId");
      const { userId, deviceId } = callerOf(connection);
      takeOrRefuse(connection.edge.deps.rateLimits, rateLimits.send, userId);
      const { contentType, content } = body;
      submit(connection, ownConversation(body, userId), sizeBytes, {
        ...{ senderId: userId, deviceId, clientMsgId: msgId, senderName: "", senderAvatar: "" },
        ...{ contentType, content, options: sendOptionsOf(body) },
      });
    },
  }),

  clientFrame<AckBody>({
    type: "MESSAGE_ACK",
    summary: "Delivered: everything of the conversation up to `seq` (or `version`), or up to these messages.",
    answer: "none",
    schema: schema<AckBody>({
      sessionId: optionalId,
      seq: optionalSeq,
      version: optionalSeq,
      messageIds: optionalIds,
    }),
    handle(connection, { sessionId, seq, version, messageIds }) {
      if (sessionId !== undefined && seq !== undefined) acknowledge(connection, sessionId, seq, version);
      else if (messageIds !== undefined) acknowledgeMessages(connection, messageIds);
      else throw malformed("sessionId and seq, or messageIds");
    },
  }),

  clientFrame<ReadBody>({
    type: "MESSAGE_READ",
    summary: "Read mark, only forward. The other side gets MESSAGE_READ, in groups the sender GROUP_MESSAGE_READ.",
    answer: "none",
    schema: schema<ReadBody>({ sessionId: id, seq: optionalSeq, messageIds: optionalIds }),
    handle: markRead,
  }),

  clientFrame<TypingBody>({
    type: "TYPING",
    summary: "The caller is typing; say it at most every 3 seconds.",
    answer: "none",
    schema: schema<TypingBody>({ sessionId: id, sessionType: optionalId }),
    async handle(connection, body) {
      const { deps } = connection.edge;
      const { userId, deviceId } = callerOf(connection);
      const conversationId = ownConversation({ sessionId: body.sessionId }, userId);
      if (!deps.rateLimits.take(typingLimit, userId).ok) return;
      await deps.actors.get(Conversation, conversationId).typing({ userId, deviceId });
    },
  }),
];

async function markRead(connection: Connection, { sessionId, seq, messageIds }: ReadBody): Promise<void> {
  const { edge } = connection;
  const { userId } = callerOf(connection);
  const conversationId = ownConversation({ sessionId }, userId);
  const readSeq = seq ?? (await newestSeq(connection, conversationId, messageIds ?? []));
  const knownSeq = edge.channels.find(conversationId)?.seq ?? 0;
  if (readSeq <= knownSeq) edge.readMarks.read(conversationId, userId, readSeq);
  else await edge.readMarks.readAtOnce(conversationId, userId, readSeq, knownSeq);
}

async function newestSeq(connection: Connection, conversationId: string, messageIds: string[]): Promise<number> {
  // Ids rise with seqs: the largest says it all.
  const newest = messageIds.toSorted((a, b) => Number(a) - Number(b)).at(-1);
  if (newest === undefined) throw malformed("seq or messageIds");
  const { userId } = callerOf(connection);
  const { ref } = await connection.edge.deps.reading.findMessage({ userId, messageId: newest, conversationId });
  return ref.seq;
}

function malformed(expected: string): DomainError {
  const { details } = invalid([{ field: expected, expected: "required" }]);
  return new DomainError("gateway.malformed", { details });
}
