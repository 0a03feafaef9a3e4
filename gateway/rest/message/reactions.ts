// Reactions to messages, pins, and the versions of edited messages.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { limits } from "../../kit/rate-limit.ts";
import { type Placed, react } from "../../kit/react.ts";
import { addressOnWire } from "../../wire/message.ts";
import { changedShape, editsShape, reactorsShape } from "../../wire/shapes/message.ts";
import { namesOf } from "../kit/names.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { askedOf, locate, locatePlace, type WhereQuery, whereQuery } from "./locate.ts";

interface Change {
  readonly caller: { userId: string };
  readonly params: { id: string };
  readonly query: WhereQuery;
  readonly edge: Edge;
  readonly call: CallOptions;
}

export const reactionRoutes: Route[] = [
  route({
    method: "PUT",
    path: "/messages/:id/reactions/:emoji",
    auth: "user",
    limit: limits.react,
    summary: "Reacts to a message with one emoji; the same again is no error",
    query: whereQuery,
    answers: changedShape,
    does: ["message.react"],
    errors: ["message.not_found", "message.recalled", "common.invalid", "common.conflict"],
    handle: (request) => tap(request, request.params.emoji, true),
  }),

  route({
    method: "DELETE",
    path: "/messages/:id/reactions/:emoji",
    auth: "user",
    limit: limits.react,
    summary: "Takes the caller's reaction back; one that is not there is no error",
    query: whereQuery,
    answers: changedShape,
    does: ["message.react"],
    errors: ["message.not_found", "message.recalled", "common.invalid", "common.conflict"],
    handle: (request) => tap(request, request.params.emoji, false),
  }),

  route({
    method: "GET",
    path: "/messages/:id/reactions",
    auth: "user",
    summary: "Who reacted to a message, by emoji, in the order of the taps",
    query: whereQuery,
    answers: reactorsShape,
    does: ["conversation.view"],
    errors: ["message.not_found", "message.recalled"],
    async handle({ caller, params, query, edge }) {
      const { message } = await locate(edge, caller.userId, params.id, query);
      if (message.status === "recalled") throw new DomainError("message.recalled");
      const reactedBy = message.reactedBy ?? [];
      const names = await namesOf(
        edge,
        reactedBy.flatMap(({ userIds }) => userIds),
      );
      const reactions = reactedBy.map(({ emoji, userIds }) => ({
        emoji,
        count: userIds.length,
        users: userIds.map((userId) => ({ userId, nickname: names.get(userId)?.nickname ?? "" })),
      }));
      return { reactions };
    },
  }),

  route({
    method: "GET",
    path: "/messages/:id/edits",
    auth: "user",
    summary: "The contents that a message had, oldest first, the original included",
    query: whereQuery,
    answers: editsShape,
    does: ["conversation.view"],
    errors: ["message.not_found", "message.recalled"],
    async handle({ caller: { userId }, params, query, edge }) {
      const edits = await edge.reading.edits(askedOf(userId, params.id, query));
      return { edits: edits.map(({ content, atMs }) => ({ content, editedAt: atMs })) };
    },
  }),

  route({
    method: "PUT",
    path: "/messages/:id/pin",
    auth: "user",
    summary: "Pins a message: in a group owner and admins, in a chat of two both; at most 50 are pinned",
    query: whereQuery,
    answers: changedShape,
    does: ["message.pin"],
    errors: ["message.not_found", "message.recalled"],
    handle: (request) => pin(request, true),
  }),

  route({
    method: "DELETE",
    path: "/messages/:id/pin",
    auth: "user",
    summary: "Unpins a message; one that is not pinned is no error",
    query: whereQuery,
    answers: changedShape,
    does: ["message.pin"],
    errors: ["message.not_found"],
    handle: (request) => pin(request, false),
  }),
];

async function tap({ caller: { userId }, params, query, edge, call }: Change, emoji: string, on: boolean) {
  const find = () => locatePlace(edge, userId, params.id, query);
  const { found, version } = await react(edge.actors, find, { by: userId, emoji, on }, call);
  return changed(found, version);
}

async function pin({ caller: { userId }, params, query, edge, call }: Change, on: boolean) {
  const found = await locatePlace(edge, userId, params.id, query);
  const conversation = edge.actors.get(Conversation, found.conversationId);
  const { version } = await conversation.pin({ by: userId, message: found.place, on }, call);
  return changed(found, version);
}

function changed({ place: { messageId, seq }, ...found }: Placed, version: number) {
  return { messageId, ...addressOnWire(found.conversationId), seq, version };
}
