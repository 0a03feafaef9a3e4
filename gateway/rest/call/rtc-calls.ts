// Calls in the second spelling.
import type { CallType } from "../../../actors/shared/call.ts";
import { id } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { callEndShape, callListShape, callWithTokenShape, listedCallShape } from "../../wire/shapes/call.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { type Route, route } from "../kit/route.ts";
import { endCall, joinCall, listCalls, rejectCall, showCall, startCall } from "./call-actions.ts";
import { callPage, callTypeRule, rejectBody } from "./calls.ts";

export const rtcCallRoutes: Route[] = [
  route({
    method: "GET",
    path: "/rtc/calls",
    auth: "user",
    summary: "A page of the caller's last calls, newest first",
    query: callPage,
    answers: callListShape,
    handle: ({ query, ...request }) => listCalls(request, query),
  }),

  route({
    method: "POST",
    path: "/rtc/calls",
    auth: "user",
    limit: limits.invite,
    summary: "Calls a user, like POST /calls/invite",
    body: schema<{ calleeId: string; callType: CallType }>({ calleeId: id, callType: callTypeRule }),
    answers: callWithTokenShape,
    does: ["call.invite"],
    errors: ["user.not_found", "rtc.busy", "rtc.rejected", "rtc.no_answer", "rtc.call_ended", "rtc.unavailable"],
    handle: ({ body, ...request }) => startCall(request, body.calleeId, body.callType),
  }),

  route({
    method: "GET",
    path: "/rtc/calls/:id",
    auth: "user",
    summary: "One of the caller's calls",
    answers: listedCallShape,
    does: ["call.view"],
    handle: ({ params, ...request }) => showCall(request, params.id),
  }),

  route({
    method: "POST",
    path: "/rtc/calls/:id/join",
    auth: "user",
    summary: "Joins the room of the call: the callee accepts by it, the caller gets a new token",
    answers: callWithTokenShape,
    does: ["call.token", "call.accept"],
    errors: ["rtc.call_ended", "rtc.unavailable"],
    handle: ({ params, ...request }) => joinCall(request, params.id),
  }),

  route({
    method: "POST",
    path: "/rtc/calls/:id/end",
    auth: "user",
    summary: "Ends a call, like PUT /calls/:id/hangup",
    answers: callEndShape,
    does: ["call.hangup"],
    handle: ({ params, ...request }) => endCall(request, params.id),
  }),

  route({
    method: "POST",
    path: "/rtc/calls/:id/reject",
    auth: "user",
    summary: "Rejects a call that rings",
    body: rejectBody,
    answers: nothing,
    does: ["call.reject"],
    errors: ["rtc.call_ended"],
    handle: ({ params, body, ...request }) => rejectCall(request, params.id, body.reason ?? "reject"),
  }),
];
