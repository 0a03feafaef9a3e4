// The logins of a user, and logging out.
import { type KnownLogin, type Login, Session } from "../../../actors/session/contract.ts";
import { isStampId } from "../../../actors/shared/ids.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { invalidField, optionalCount, optionalId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { devicesShape, loginsShape } from "../../wire/shapes/user.ts";
import { optionalCursor } from "../kit/cursor.ts";
import { type Edge, type Route, route } from "../kit/route.ts";

const loginsPerPage = 20;
const maxLoginsPerPage = 100;

export const deviceRoutes: Route[] = [
  route({
    method: "POST",
    path: "/auth/logout",
    auth: "user",
    summary: "Ends this login, or the one of another device of the same user",
    body: schema<{ deviceId?: string }>({ deviceId: optionalId }, { example: { deviceId: "d1f0c2" } }),
    answers: nothing,
    handle: ({ caller, body, edge, call }) => logOut(edge, caller, body.deviceId ?? caller.deviceId, call),
  }),

  route({
    method: "GET",
    path: "/auth/devices",
    auth: "user",
    summary: "The devices that are logged in",
    answers: devicesShape,
    async handle({ caller, edge, call }) {
      const { logins } = await edge.actors.get(Session, caller.userId).logins({}, call);
      return { devices: logins.map((login) => loginOnWire(login, caller)) };
    },
  }),

  route({
    method: "DELETE",
    path: "/auth/devices/:id",
    auth: "user",
    summary: "Logs a device out",
    answers: nothing,
    handle: ({ caller, params, edge, call }) => logOut(edge, caller, params.id, call),
  }),

  route({
    method: "GET",
    path: "/auth/logins",
    auth: "user",
    summary: "Where the user has logged in, newest first: open logins, and the last ones that have ended",
    query: schema<{ limit?: number; cursor?: string }>({
      limit: optionalCount(maxLoginsPerPage),
      cursor: optionalCursor,
    }),
    answers: loginsShape,
    async handle({ caller, query: { limit = loginsPerPage, cursor = "" }, edge, call }) {
      if (cursor !== "" && !isStampId(cursor)) throw invalidField("cursor", "a cursor of this list");
      const page = cursor === "" ? { limit } : { limit, beforeId: cursor };
      const { logins, hasMore } = await edge.actors.get(Session, caller.userId).history(page, call);
      const next = hasMore ? logins.at(-1)?.loginId : undefined;
      return { logins: logins.map((login) => knownLoginOnWire(login, caller)), cursor: next ?? null };
    },
  }),
];

async function logOut(edge: Edge, caller: Caller, deviceId: string, call: { commandId?: string }): Promise<null> {
  const which = deviceId === caller.deviceId ? { loginId: caller.loginId } : { deviceId };
  const { revoked } = await edge.actors.get(Session, caller.userId).logout({ ...which, reason: "logout" }, call);
  if (revoked.length > 0) await edge.revocations.revoke(revoked, "logout");
  return null;
}

function loginOnWire({ createdAtMs, lastSeenMs, ...login }: Login, { loginId }: Caller) {
  return { ...login, createdAt: createdAtMs, lastActiveTime: lastSeenMs, isCurrent: login.loginId === loginId };
}

function knownLoginOnWire({ endedAtMs, ...login }: KnownLogin, caller: Caller) {
  return { ...loginOnWire(login, caller), endReason: login.endReason, endedAt: endedAtMs };
}
