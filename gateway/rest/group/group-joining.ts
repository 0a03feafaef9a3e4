// Requests to join a group, and their answers. Both spellings of the paths: `join/:reqId` and `requests/:requestId`.

import { maxChars } from "../../../actors/shared/limits.ts";
import { isAccepted, optionalAction, optionalFlag, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { handledShape, joinedShape, joinRequestListShape } from "../../wire/shapes/group.ts";
import { userInfoOf } from "../../wire/user.ts";
import { namesOf } from "../kit/names.ts";
import { alias, type Route, route } from "../kit/route.ts";
import { groupOf } from "./groups.ts";

const requestRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/:id/requests",
    auth: "user",
    summary: "Requests to join, for owner and admins",
    query: schema<{ status?: string }>({ status: optionalText(16) }),
    answers: joinRequestListShape,
    does: ["group.view_requests"],
    async handle({ caller, params, query, edge, call }) {
      const input = query.status ? { userId: caller.userId, status: query.status } : { userId: caller.userId };
      const { requests } = await groupOf(edge, params.id).joinRequests(input, call);
      const names = await namesOf(
        edge,
        requests.map((request) => request.userId),
      );
      return {
        requests: requests.map(({ createdAtMs, handledAtMs = 0, isConsented: _, ...request }) => ({
          ...request,
          id: request.requestId,
          groupId: params.id,
          createdAt: createdAtMs,
          handledAt: handledAtMs,
          userInfo: userInfoOf(names, request.userId),
        })),
        total: requests.length,
      };
    },
  }),

  route({
    method: "PUT",
    path: "/groups/:id/requests/:requestId",
    auth: "user",
    summary: "Accepts or rejects a request to join: {action} or {accept}",
    body: schema<{ action?: "accept" | "reject"; accept?: boolean }>(
      { action: optionalAction, accept: optionalFlag },
      { example: { action: "accept" } },
    ),
    answers: handledShape,
    does: ["group.handle_request"],
    errors: ["group.request_not_found", "group.request_handled", "group.full"],
    async handle({ caller, params, body, edge, call }) {
      const command = { by: caller.userId, requestId: params.requestId, accept: isAccepted(body) };
      const { status } = await groupOf(edge, params.id).handleJoinRequest(command, call);
      return { requestId: params.requestId, status };
    },
  }),
];

export const groupJoiningRoutes: Route[] = [
  route({
    method: "POST",
    path: "/groups/:id/join",
    auth: "user",
    summary: "Joins the group, or requests to join",
    body: schema<{ message?: string }>(
      { message: optionalText(maxChars.requestMessage) },
      { example: { message: "May I come along?" } },
    ),
    answers: joinedShape,
    does: ["group.join"],
    errors: ["group.full"],
    async handle({ caller, params, body, edge, call }) {
      const { message = "" } = body;
      const command = { userId: caller.userId, message };
      const { needVerify, requestId } = await groupOf(edge, params.id).join(command, call);
      return { needVerify, requestId: requestId ?? null, message: needVerify ? "waiting for approval" : "joined" };
    },
  }),
  ...requestRoutes,
  ...alias(requestRoutes, "/groups/:id/requests", "/groups/:id/join"),
];
