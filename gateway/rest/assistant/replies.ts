// Replies of models: to stop one, and to ask for another version of an answer.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { Reply } from "../../../actors/reply/contract.ts";
import { DomainError, type ErrorName } from "../../../actors/shared/errors.ts";
import { conversationId, optionalId, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { findRegenerated } from "../../kit/answers.ts";
import { limits } from "../../kit/rate-limit.ts";
import { regeneratedShape, stoppedShape } from "../../wire/shapes/assistant.ts";
import { type Route, route } from "../kit/route.ts";

export const replyRoutes: Route[] = [
  route({
    method: "POST",
    path: "/replies/:id/stop",
    auth: "user",
    summary: "Ends a reply, with what was written so far: by the user who asked, or the group's owner and admins",
    answers: stoppedShape,
    does: ["reply.stop_own", "reply.stop_any"],
    errors: ["llm.reply_not_found"],
    async handle({ caller, params, edge, call }) {
      const replyId = stampId(params.id, "llm.reply_not_found");
      const { userId } = caller;
      const { conversationId: id } = await edge.actors
        .get(Reply, replyId)
        .read({ afterSeq: Number.MAX_SAFE_INTEGER }, call);
      try {
        const { replyIds } = await edge.actors.get(Conversation, id).stopReplies({ userId, replyId }, call);
        return { replyId, isStopped: replyIds.includes(replyId) };
      } catch (error) {
        // Whoever may not see the conversation does not learn that the reply exists.
        if (error instanceof DomainError && hidden.has(error.error)) throw new DomainError("llm.reply_not_found");
        throw error;
      }
    },
  }),

  route({
    method: "POST",
    path: "/messages/:id/regenerate",
    auth: "user",
    limit: limits.regenerate,
    summary: "Another version of an answer, or the answer to a message that has none; the newest version is shown",
    query: schema<{ sessionId?: string }>({ sessionId: optionalId }),
    answers: regeneratedShape,
    does: ["reply.regenerate"],
    errors: ["message.not_found", "message.not_yours", "llm.assistant_not_found", "llm.rate_limited"],
    async handle({ caller, params, query, edge, call }) {
      const asked = { userId: caller.userId, messageId: stampId(params.id, "message.not_found") };
      const where =
        query.sessionId === undefined ? asked : { ...asked, conversationId: conversationId(query.sessionId) };
      const { conversationId: id, ...found } = await findRegenerated(edge.reading, where);
      const command = { userId: caller.userId, ...found };
      const { replyId } = await edge.actors.get(Conversation, id).regenerate(command, call);
      return { replyId, sessionId: id };
    },
  }),
];

const hidden: ReadonlySet<ErrorName> = new Set([
  "session.not_found",
  "group.not_member",
  "group.not_found",
  "group.dissolved",
]);
