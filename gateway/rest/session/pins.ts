// The pinned messages of a conversation. Pinning stands in ../message/reactions.ts.
import { conversationId } from "../../input/rules.ts";
import { pinsShape } from "../../wire/shapes/message.ts";
import { alias, type Route, route } from "../kit/route.ts";

const routes: Route[] = [
  route({
    method: "GET",
    path: "/sessions/:id/pins",
    auth: "user",
    summary: "The pinned messages that the caller may see, the newest pin first, each with its present content",
    answers: pinsShape,
    does: ["conversation.view"],
    async handle({ caller, params, edge }) {
      const asked = { userId: caller.userId, conversationId: conversationId(params.id) };
      const pins = (await edge.reading.pins(asked)).map(({ message, by, atMs }) => {
        const { messageId, seq, senderId, senderName, contentType, content } = message;
        return { messageId, seq, senderId, senderName, contentType, content, pinnedBy: by, pinnedAt: atMs };
      });
      return { pins };
    },
  }),
];

export const pinRoutes: Route[] = [...routes, ...alias(routes, "/sessions", "/conversations")];
