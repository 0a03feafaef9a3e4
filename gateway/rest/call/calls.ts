// One-to-one calls. The second spelling stands in rtc-calls.ts.
import type { ValidationRuleObject } from "fastest-validator";
import type { CallType } from "../../../actors/shared/call.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { id, need, optionalCount, optionalId, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { callEndShape, callListShape, callShape, callWithTokenShape, listedCallShape } from "../../wire/shapes/call.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { type Route, route } from "../kit/route.ts";
import {
  acceptCall,
  changeCallMode,
  endCall,
  listCalls,
  type PageQuery,
  rejectCall,
  renewToken,
  showCall,
  startCall,
} from "./call-actions.ts";

interface InviteBody {
  userId?: string;
  groupId?: string;
  callType: CallType;
}

export const callTypeRule: ValidationRuleObject = { type: "string", enum: ["audio", "video"] };
export const callPage = schema<PageQuery>({
  page: optionalCount(100_000),
  pageSize: optionalCount(200),
  cursor: optionalText(48),
});
export const rejectBody = schema<{ reason?: "busy" | "reject" }>(
  {
    reason: { type: "string", enum: ["busy", "reject"], optional: true },
  },
  { example: { reason: "busy" } },
);

export const callRoutes: Route[] = [
  route({
    method: "POST",
    path: "/calls/invite",
    auth: "user",
    limit: limits.invite,
    summary: "Calls a user: all devices of the user ring; the answer has the room and the caller's token",
    body: schema<InviteBody>(
      { userId: optionalId, groupId: optionalId, callType: callTypeRule },
      { example: { userId: "247239848101600", callType: "audio" } },
    ),
    answers: callWithTokenShape,
    does: ["call.invite"],
    errors: ["user.not_found", "rtc.busy", "rtc.rejected", "rtc.no_answer", "rtc.call_ended", "rtc.unavailable"],
    handle({ body, ...request }) {
      if (body.groupId !== undefined) {
        const details = [{ field: "groupId", expected: "absent" }];
        throw new DomainError("common.invalid", { message: "Groups call by meetings: POST /meetings.", details });
      }
      return startCall(request, need("userId", body.userId), body.callType);
    },
  }),

  route({
    method: "PUT",
    path: "/calls/:id/accept",
    auth: "user",
    summary: "Answers a call on this device; the other devices stop ringing",
    answers: callWithTokenShape,
    does: ["call.accept"],
    errors: ["rtc.call_ended", "rtc.unavailable"],
    handle: ({ params, ...request }) => acceptCall(request, params.id),
  }),

  route({
    method: "PUT",
    path: "/calls/:id/reject",
    auth: "user",
    summary: "Rejects a call that rings: {reason: busy | reject}",
    body: rejectBody,
    answers: nothing,
    does: ["call.reject"],
    errors: ["rtc.call_ended"],
    handle: ({ params, body, ...request }) => rejectCall(request, params.id, body.reason ?? "reject"),
  }),

  route({
    method: "PUT",
    path: "/calls/:id/hangup",
    auth: "user",
    summary: "Ends a call, or cancels one that still rings; answers its duration in seconds",
    answers: callEndShape,
    does: ["call.hangup"],
    handle: ({ params, ...request }) => endCall(request, params.id),
  }),

  route({
    method: "POST",
    path: "/calls/:id/mode",
    auth: "user",
    limit: limits.callMode,
    summary: "Changes between audio and video",
    body: schema<{ callType: CallType }>({ callType: callTypeRule }),
    answers: callShape,
    does: ["call.mode"],
    errors: ["rtc.call_ended"],
    handle: ({ params, body, ...request }) => changeCallMode(request, params.id, body.callType),
  }),

  route({
    method: "GET",
    path: "/calls/token",
    auth: "user",
    summary: "A new token for the room of a call that rings or runs; the callee has to accept first (else 409)",
    query: schema<{ callId: string }>({ callId: id }),
    answers: callWithTokenShape,
    does: ["call.token"],
    errors: ["rtc.call_ended", "rtc.unavailable", "common.conflict"],
    handle: ({ query, ...request }) => renewToken(request, query.callId),
  }),

  route({
    method: "GET",
    path: "/calls",
    auth: "user",
    summary: "A page of the caller's last calls, newest first",
    query: callPage,
    answers: callListShape,
    handle: ({ query, ...request }) => listCalls(request, query),
  }),

  route({
    method: "GET",
    path: "/calls/:id",
    auth: "user",
    summary: "One of the caller's calls",
    answers: listedCallShape,
    does: ["call.view"],
    handle: ({ params, ...request }) => showCall(request, params.id),
  }),
];
