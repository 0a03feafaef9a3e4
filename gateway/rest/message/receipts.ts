// Read marks and the readers of a message.

import { Conversation } from "../../../actors/conversation/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { type ConversationId, groupConversationId, isStampId, type UserId } from "../../../actors/shared/ids.ts";
import { maxItems } from "../../../actors/shared/limits.ts";
import {
  conversationId,
  need,
  optionalId,
  optionalIdsUpTo,
  optionalSeq,
  optionalText,
  stampId,
} from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { markRead } from "../../kit/mark-read.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { readersShape } from "../../wire/shapes/message.ts";
import { userInfoOf } from "../../wire/user.ts";
import { namesOf } from "../kit/names.ts";
import { type Edge, type Route, route } from "../kit/route.ts";

interface AckBody {
  sessionId?: string;
  conversationId?: string;
  sessionType?: string;
  messageIds?: string[];
  seq?: number;
}

export const receiptRoutes: Route[] = [
  route({
    method: "POST",
    path: "/messages/ack",
    auth: "user",
    summary: "Marks a conversation as read up to a message",
    body: schema<AckBody>(
      {
        sessionId: optionalId,
        conversationId: optionalId,
        sessionType: optionalText(16),
        messageIds: optionalIdsUpTo(maxItems.messageIds),
        seq: optionalSeq,
      },
      { example: { sessionId: "s_247239848097504_247239848101600", seq: 42 } },
    ),
    answers: nothing,
    does: ["message.mark"],
    errors: ["message.not_found"],
    async handle({ caller, body, edge, call }) {
      const id = conversationId(need("sessionId", body.sessionId, body.conversationId));
      if (body.seq === undefined && body.messageIds?.length === 0) return null;
      const seq = body.seq ?? (await highestSeq(edge, caller.userId, id, need("messageIds", body.messageIds)));
      await markRead(edge.actors, id, { userId: caller.userId, seq }, call);
      return null;
    },
  }),

  route({
    method: "GET",
    path: "/groups/:id/messages/:msgId/reads",
    auth: "user",
    summary: "The members who have read a message of a group; exact in groups of up to 500",
    answers: readersShape,
    does: ["conversation.view"],
    errors: ["message.not_found"],
    async handle({ caller, params, edge, call }) {
      const { userId } = caller;
      const id = groupConversationId(stampId(params.id, "group.not_found"));
      const messageId = stampId(params.msgId, "message.not_found");
      const { ref } = await edge.reading.findMessage({ userId, messageId, conversationId: id });
      const readers = await edge.actors
        .get(Conversation, id)
        .readers({ userId, seq: ref.seq, senderId: ref.senderId }, call);
      const names = await namesOf(
        edge,
        readers.readMembers.map((reader) => reader.userId),
      );
      const readMembers = readers.readMembers.map(({ userId, readAtMs }) => ({
        ...userInfoOf(names, userId),
        readAt: readAtMs,
      }));
      return { ...readers, readMembers };
    },
  }),
];

/** Message ids rise with seq, so only the highest that can be found counts. */
async function highestSeq(edge: Edge, userId: UserId, id: ConversationId, messageIds: string[]): Promise<number> {
  const falling = [...new Set(messageIds.filter(isStampId))].toSorted((a, b) => Number(b) - Number(a));
  for (const messageId of falling) {
    try {
      return (await edge.reading.findMessage({ userId, messageId, conversationId: id })).ref.seq;
    } catch (error) {
      if (!(error instanceof DomainError && error.error === "message.not_found")) throw error;
    }
  }
  throw new DomainError("message.not_found");
}
