import { Conversation } from "../../../actors/conversation/contract.ts";
import { DomainError, type ErrorName } from "../../../actors/shared/errors.ts";
import { groupConversationId, pairId, type UserId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import {
  id,
  isAccepted,
  need,
  optionalAction,
  optionalFlag,
  optionalId,
  optionalText,
  pairWith,
  stampId,
} from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { friendRequestedShape, friendRequestListShape } from "../../wire/shapes/friend.ts";
import { handledShape } from "../../wire/shapes/group.ts";
import { type Item, itemsOf, splitItems } from "../kit/items.ts";
import { namesOf } from "../kit/names.ts";
import { type Edge, type Route, route } from "../kit/route.ts";

interface RequestBody {
  userId: string;
  message?: string;
  source?: string;
  groupId?: string;
}
interface ListQuery {
  type?: "received" | "sent";
  status?: "pending" | "accepted" | "rejected" | "expired";
}

export const friendRequestRoutes: Route[] = [
  route({
    method: "GET",
    path: "/friends/requests",
    auth: "user",
    summary: "Friend requests, received and sent",
    query: schema<ListQuery>({
      type: { type: "string", enum: ["received", "sent"], optional: true },
      status: { type: "string", enum: ["pending", "accepted", "rejected", "expired"], optional: true },
    }),
    answers: friendRequestListShape,
    async handle({ caller, query, edge, call }) {
      const { items } = await itemsOf(edge, caller.userId, "request", 0, call);
      const asked = splitItems(items).live.filter(
        (item) => (!query.type || item.direction === query.type) && (!query.status || item.status === query.status),
      );
      const names = await namesOf(
        edge,
        asked.map((item) => item.userId),
      );
      const requests = asked
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
        .map((item) => requestOnWire(item, caller.userId, names.get(item.userId)));
      return { requests, total: requests.length };
    },
  }),

  route({
    method: "POST",
    path: "/friends/requests",
    auth: "user",
    limit: limits.friendRequest,
    summary: "Sends a friend request; accepted at once when the user does not verify requests",
    body: schema<RequestBody>(
      {
        userId: id,
        message: optionalText(maxChars.requestMessage),
        source: optionalText(maxChars.requestSource),
        groupId: optionalId,
      },
      { example: { userId: "247239848101600", message: "It is me, Alice" } },
    ),
    answers: friendRequestedShape,
    does: ["friend.request"],
    errors: [
      ...["user.not_found", "friend.self", "friend.request_pending", "friend.too_many", "friend.other_too_many"],
      ...["group.not_found", "group.not_member", "group.dissolved", "group.not_admin"],
    ] as ErrorName[],
    async handle({ caller, body, edge, call }) {
      const pair = edge.actors.get(Conversation, pairWith(caller.userId, body.userId));
      const { message = "", source = "search" } = body;
      const asked = { from: caller.userId, message, source };
      const groupId = source === "group" ? await sharedGroup(edge, caller.userId, body) : undefined;
      const { requestId, status } = await pair.requestFriend({ ...asked, groupId }, call);
      return { requestId, status, autoAccepted: status === "accepted" };
    },
  }),

  route({
    method: "PUT",
    path: "/friends/requests/:id",
    auth: "user",
    summary: "Accepts or rejects a request: {action} or {accept}",
    body: schema<{ action?: "accept" | "reject"; accept?: boolean }>(
      { action: optionalAction, accept: optionalFlag },
      { example: { action: "accept" } },
    ),
    answers: handledShape,
    does: ["friend.accept", "friend.reject"],
    errors: [
      "friend.request_not_found",
      "friend.request_expired",
      "friend.request_handled",
      "friend.already",
      "friend.too_many",
      "friend.other_too_many",
    ],
    async handle({ caller, params, body, edge, call }) {
      const accept = isAccepted(body);
      // The pair's actor decides; the caller's own list says with whom.
      const { items } = await itemsOf(edge, caller.userId, "request", 0, call);
      const asked = items.find((item) => item.id === params.id && item.direction === "received");
      if (!asked) throw new DomainError("friend.request_not_found");
      const pair = edge.actors.get(Conversation, pairId(caller.userId, asked.userId));
      const command = { by: caller.userId, requestId: params.id, accept };
      const { status } = await pair.handleFriendRequest(command, call);
      return { requestId: params.id, status };
    },
  }),
];

/** Where the two met: the group decides whether its members may ask each other. */
async function sharedGroup(edge: Edge, userId: UserId, { userId: otherId, groupId }: RequestBody): Promise<string> {
  const id = stampId(need("groupId", groupId), "group.not_found");
  await edge.actors.get(Conversation, groupConversationId(id)).mayBefriend({ userId, otherId });
  return id;
}

function requestOnWire(
  item: Item<"request">,
  callerId: string,
  name: { nickname: string; avatar: string } = { nickname: "", avatar: "" },
) {
  const isReceived = item.direction === "received";
  return {
    requestId: item.id,
    id: item.id,
    type: item.direction,
    userId: item.userId,
    fromUserId: isReceived ? item.userId : callerId,
    toUserId: isReceived ? callerId : item.userId,
    ...name,
    userInfo: { userId: item.userId, ...name },
    message: item.message,
    source: item.source,
    status: item.status,
    ...(item.groupId !== "" && { groupId: item.groupId }),
    createdAt: item.createdAtMs,
    expiresAt: item.expiresAtMs,
    updatedAt: item.updatedAtMs,
  };
}
