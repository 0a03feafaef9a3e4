// Requests to join groups: the caller's own, and those that wait for the caller as owner or admin.

import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { type ConversationId, groupIdOf, type UserId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { schema } from "../../input/validate.ts";
import { ownRequestListShape } from "../../wire/shapes/group.ts";
import { userInfoOf } from "../../wire/user.ts";
import { itemsOf, splitItems } from "../kit/items.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import { namesOf } from "../kit/names.ts";
import { type Edge, type Route, route } from "../kit/route.ts";

export const ownRequestRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/requests",
    auth: "user",
    summary:
      "Requests to join groups, newest first: sent by the caller, or received by the groups that the caller owns or administers",
    query: schema<{ type?: "sent" | "received" }>({
      type: { type: "string", enum: ["sent", "received"], optional: true },
    }),
    answers: ownRequestListShape,
    async handle({ caller, query, edge, call }) {
      const list = query.type === "received" ? received : sent;
      const requests = (await list(edge, caller.userId, call)).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
      const names = await namesOf(
        edge,
        requests.map(({ userId }) => userId),
      );
      return {
        requests: requests.map(({ conversationId, createdAtMs, handledAtMs, ...request }) => ({
          ...{ ...request, groupId: groupIdOf(conversationId), createdAt: createdAtMs, handledAt: handledAtMs },
          userInfo: userInfoOf(names, request.userId),
        })),
        total: requests.length,
      };
    },
  }),
];

interface Asked {
  requestId: string;
  conversationId: ConversationId;
  groupName: string;
  userId: UserId;
  message: string;
  status: "pending" | "accepted" | "rejected";
  createdAtMs: number;
  handledAtMs: number;
}

async function sent(edge: Edge, userId: UserId, call: CallOptions): Promise<Asked[]> {
  const { items } = await itemsOf(edge, userId, "join_request", 0, call);
  return splitItems(items).live.map((item) => {
    const { id: requestId, conversationId, groupName, message, status, createdAtMs, handledAtMs } = item;
    return { requestId, conversationId, groupName, userId, message, status, createdAtMs, handledAtMs };
  });
}

async function received(edge: Edge, userId: UserId, call: CallOptions): Promise<Asked[]> {
  const { items } = await itemsOf(edge, userId, "conversation", 0, call);
  const groups = splitItems(items).live.filter(({ conversationType }) => conversationType === "group");
  return (await mapBounded(groups, maxActorsAsked, ({ id }) => receivedBy(edge, id, userId, call))).flat();
}

async function receivedBy(
  edge: Edge,
  conversationId: ConversationId,
  userId: UserId,
  call: CallOptions,
): Promise<Asked[]> {
  const group = edge.actors.get(Conversation, conversationId);
  try {
    const { groupName, requests } = await group.joinRequests({ userId }, call);
    return requests.map(({ inviterId: _, isConsented: __, handledAtMs = 0, ...request }) => ({
      ...{ conversationId, groupName, ...request, handledAtMs },
    }));
  } catch (error) {
    // An ordinary member, or one who has just left.
    if (error instanceof DomainError) return [];
    throw error;
  }
}
