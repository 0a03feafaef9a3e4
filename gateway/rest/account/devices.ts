// The logins of a user, and logging out.
import { type Login, Session } from "../../../actors/session/contract.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { optionalId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { devicesShape, loginsShape } from "../../wire/shapes/user.ts";
import { type Edge, type Request, type Route, route } from "../kit/route.ts";

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
    handle: async (request) => ({ devices: await listLogins(request) }),
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
    summary: "The logins that are open, with where they came from",
    answers: loginsShape,
    handle: async (request) => ({ logins: await listLogins(request) }),
  }),
];

async function logOut(edge: Edge, caller: Caller, deviceId: string, call: { commandId?: string }): Promise<null> {
  const which = deviceId === caller.deviceId ? { loginId: caller.loginId } : { deviceId };
  const { revoked } = await edge.actors.get(Session, caller.userId).logout({ ...which, reason: "logout" }, call);
  if (revoked.length > 0) await edge.revocations.revoke(revoked, "logout");
  return null;
}

async function listLogins({
  caller,
  edge,
  call,
}: Pick<Request<"", "user", undefined, undefined>, "caller" | "edge" | "call">) {
  const { logins } = await edge.actors.get(Session, caller.userId).logins({}, call);
  return logins.map((login) => loginOnWire(login, caller));
}

function loginOnWire({ createdAtMs, lastSeenMs, ...login }: Login, caller: Caller) {
  const isCurrent = login.loginId === caller.loginId;
  return { ...login, createdAt: createdAtMs, lastActiveTime: lastSeenMs, isCurrent };
}
