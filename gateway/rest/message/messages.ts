// Sending and changing messages. Reading messages stands in history.ts.
import { Conversation, type SendMessage } from "../../../actors/conversation/contract.ts";
import { User } from "../../../actors/user/contract.ts";
import {
  type EditBody,
  editErrors,
  editShape,
  type MessageBody,
  messageExample,
  messageShape,
  sendErrors,
  sendOptionsOf,
} from "../../input/message-body.ts";
import { optionalId } from "../../input/rules.ts";
import { conversationOf } from "../../input/target.ts";
import { schema } from "../../input/validate.ts";
import { limits, takeMentionAll } from "../../kit/rate-limit.ts";
import { recalledContent } from "../../kit/recalled-content.ts";
import { findReferences } from "../../references/references.ts";
import { addressOnWire } from "../../wire/message.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { changedShape, recalledShape, sentShape } from "../../wire/shapes/message.ts";
import { senderOf } from "../kit/names.ts";
import { type Route, route } from "../kit/route.ts";
import { locate, whereQuery } from "./locate.ts";

/** A text of 256 KiB to a model, most of whose characters are escaped. A frame is smaller: a long text is sent by REST. */
const maxMessageBodyBytes = 640 * 1024;

interface SendBody extends MessageBody {
  clientMsgId?: string;
  msgId?: string;
}

export const messageRoutes: Route[] = [
  route({
    method: "POST",
    path: "/messages",
    auth: "user",
    limit: limits.send,
    maxBodyBytes: maxMessageBodyBytes,
    summary: "Sends a message; clientMsgId (or Idempotency-Key) makes a retry the same message",
    body: schema<SendBody>(
      {
        ...messageShape,
        clientMsgId: optionalId,
        msgId: optionalId,
      },
      { example: { ...messageExample, clientMsgId: "c0ffee-1" } },
    ),
    answers: sentShape,
    does: ["message.send", "message.send_while_muted", "message.announce", "message.mention_all"],
    errors: sendErrors,
    async handle({ caller, body, edge, call, client }) {
      takeMentionAll(edge.rateLimits, caller.userId, body.mentions);
      const conversation = conversationOf(body, caller.userId);
      const clientMsgId = body.clientMsgId ?? body.msgId ?? client.idempotencyKey ?? edge.random.hex(128);
      const sender = await senderOf(edge, caller.userId);
      const command: SendMessage = {
        senderId: caller.userId,
        deviceId: caller.deviceId,
        clientMsgId,
        ...sender,
        contentType: body.contentType,
        content: body.content,
        options: sendOptionsOf(body),
      };
      const asked = { senderId: caller.userId, conversationId: conversation };
      const references = await findReferences(edge, asked, body);
      if (references) command.references = references;
      // The clientMsgId is the idempotency key of a send (G2), so no command id is kept beside it.
      const { commandId: _, ...options } = call;
      const deadlineMs = edge.clock.nowMs() + edge.limits.sendDeadlineMs;
      const receipt = await edge.actors.get(Conversation, conversation).send(command, { ...options, deadlineMs });
      const { messageId, seq, version, atMs, replyId } = receipt;
      const sent = { messageId, clientMsgId, ...addressOnWire(conversation), seq, version, timestamp: atMs };
      return replyId === undefined ? sent : { ...sent, replyId };
    },
  }),

  route({
    method: "PUT",
    path: "/messages/:id",
    auth: "user",
    summary:
      "Replaces the content of a text message of the caller, within 15 minutes; in a chat with a model of any message, at any time",
    query: whereQuery,
    maxBodyBytes: maxMessageBodyBytes,
    body: schema<EditBody>(editShape),
    answers: changedShape,
    does: ["message.edit", "message.mention_all"],
    errors: editErrors,
    async handle({ caller, params, query, body, edge, call }) {
      const { conversationId: conversation, ref, message } = await locate(edge, caller.userId, params.id, query);
      const { content, mentions } = body;
      const command = { by: caller.userId, message: ref, content, mentions, original: message.content };
      const { version } = await edge.actors.get(Conversation, conversation).edit(command, call);
      return { messageId: ref.messageId, ...addressOnWire(conversation), seq: ref.seq, version };
    },
  }),

  route({
    method: "POST",
    path: "/messages/:id/recall",
    auth: "user",
    summary:
      "Recalls a message: the sender within 2 minutes, owner and admins of a group within 24 hours; in a chat with a model at any " +
      "time. The sender gets its content once, to edit it and send it again",
    query: whereQuery,
    answers: recalledShape,
    does: ["message.recall_own", "message.recall_any"],
    errors: ["message.not_found", "message.recall_too_late"],
    async handle({ caller, params, query, edge, call }) {
      const { userId } = caller;
      const found = await locate(edge, userId, params.id, query);
      const { conversationId: conversation, ref } = found;
      const recalled = await edge.actors.get(Conversation, conversation).recall({ by: userId, message: ref }, call);
      const { version } = recalled;
      const answer = { messageId: ref.messageId, ...addressOnWire(conversation), seq: ref.seq, version };
      const content = recalledContent(found, userId, recalled);
      return content === undefined ? answer : { ...answer, content };
    },
  }),

  route({
    method: "DELETE",
    path: "/messages/:id",
    auth: "user",
    summary: "Deletes a message for the caller, on all devices",
    query: whereQuery,
    answers: nothing,
    errors: ["message.not_found", "session.not_found"],
    async handle({ caller, params, query, edge, call }) {
      const { conversationId: conversation, ref } = await locate(edge, caller.userId, params.id, query);
      const messages = [{ messageId: ref.messageId, seq: ref.seq }];
      const user = edge.actors.get(User, caller.userId);
      return user.deleteMessages({ conversationId: conversation, messages }, call);
    },
  }),
];
