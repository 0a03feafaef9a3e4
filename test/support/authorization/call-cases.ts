// Cases of calls. This node has no Temporal, so an allowed request is answered common.unavailable, which shows that the table
// allowed it.
import type { Operation } from "../../../actors/shared/authorization.ts";
import type { ErrorName } from "../../../actors/shared/errors.ts";
import { type Case, ofRoute } from "./case.ts";
import type { Place, Standing } from "./place.ts";

const noProcess = "common.unavailable";
const noRooms = "rtc.unavailable";
const both = (error: ErrorName) => ({ caller: error, callee: error });

function ofCall(
  of: string,
  operation: Operation,
  but: Partial<Record<Standing, ErrorName>>,
  more: { body?: object; query?: (place: Place) => string } = {},
): Case {
  const { body, query } = more;
  return ofRoute(of, {
    ...{ realms: ["call"], operation, but },
    request: (place) => ({ ...(body && { body }), ...(query && { query: query(place) }) }),
  });
}

function ofInvite(of: string, bodyOf: (place: Place) => object): Case {
  return ofRoute(of, {
    // The request names the callee, so an outsider cannot express a call into another pair.
    ...{ realms: ["pair"], operation: "call.invite", skips: ["outsider"] },
    ...{ but: { friend: noProcess, acquaintance: noProcess }, request: (place) => ({ body: bodyOf(place) }) },
  });
}

export const callCases: readonly Case[] = [
  ofInvite("POST /calls/invite", ({ id }) => ({ userId: id, callType: "video" })),
  ofInvite("POST /rtc/calls", ({ id }) => ({ calleeId: id, callType: "audio" })),
  ofCall("GET /calls/:id", "call.view", {}),
  ofCall("GET /rtc/calls/:id", "call.view", {}),
  ofCall("PUT /calls/:id/accept", "call.accept", { callee: noProcess }),
  ofCall("PUT /calls/:id/reject", "call.reject", { callee: noProcess }, { body: { reason: "busy" } }),
  ofCall("POST /rtc/calls/:id/reject", "call.reject", { callee: noProcess }),
  ofCall("PUT /calls/:id/hangup", "call.hangup", both(noProcess)),
  ofCall("POST /rtc/calls/:id/end", "call.hangup", both(noProcess)),
  ofCall("POST /calls/:id/mode", "call.mode", both(noProcess), { body: { callType: "video" } }),
  // The call is ringing, so the callee has to answer before they get a token.
  ofCall(
    "GET /calls/token",
    "call.token",
    { caller: noRooms, callee: "common.conflict" },
    { query: ({ id }) => `?callId=${id}` },
  ),
  ofCall("POST /rtc/calls/:id/join", "call.token", { caller: noRooms, callee: noProcess }),
];
