// Users, by themselves and by administrators.
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { type Role, User } from "../../../actors/user/contract.ts";
import { optionalText, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { namedFromNetwork } from "../../rest/account/subjects.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { findAccount } from "../identity/account.ts";
import { changeAccount, deleteAccount } from "../identity/change-account.ts";
import { type Registration, registerUser } from "../identity/register.ts";
import { registrationShape } from "../identity/registration-shape.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { succeeded, success } from "../kit/shapes.ts";
import { nextchat } from "../kit/surface.ts";
import { userOnWire, userShape } from "../shared/user.ts";

interface ChangeBody {
  username?: string;
  email?: string;
  avatar?: string;
  password?: string;
  role?: Role;
  access_level?: number;
}

export const nextchatUserRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/users",
    auth: "none",
    limit: limits.register,
    subject: namedFromNetwork(limits.registerContact, "email"),
    summary: "Creates a user",
    body: schema<Registration & { avatar?: string }>(
      { ...registrationShape, avatar: optionalText(2_048) },
      { example: { username: "bob", email: "bob@example.org", password: "Passw0rd1" } },
    ),
    answers: userShape,
    errors: ["auth.user_exists", "common.forbidden"],
    async handle({ body, edge, client, call }) {
      const userId = await registerUser(edge, body, client);
      const { avatar } = body;
      if (avatar) await edge.actors.get(User, userId).updateProfile({ patch: { avatar } }, call);
      return userOnWire(await findAccount(edge, userId));
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "GET",
    path: "/api/users/:id",
    auth: "user",
    summary: "A user; others than oneself for administrators",
    answers: userShape,
    errors: ["common.forbidden", "user.not_found"],
    async handle({ principal, params, edge }) {
      const { userId } = await allowed(edge, principal.userId, params.id);
      return userOnWire(await findAccount(edge, userId));
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "PUT",
    path: "/api/users/:id",
    auth: "user",
    summary: "Changes a user; role and access level by administrators alone",
    body: schema<ChangeBody>(
      {
        username: { ...registrationShape.username, optional: true },
        email: { ...registrationShape.email, optional: true },
        avatar: optionalText(2_048),
        password: { ...registrationShape.password, optional: true },
        role: { type: "string", enum: ["admin", "user", "guest"], optional: true },
        access_level: { type: "number", integer: true, min: 0, max: 1_000, optional: true },
      },
      { example: { avatar: "/files/bob.png" } },
    ),
    answers: userShape,
    errors: ["common.forbidden", "user.not_found", "auth.user_exists"],
    async handle({ principal, params, body, edge, call }) {
      const { userId, isAdmin } = await allowed(edge, principal.userId, params.id);
      const { role, access_level: accessLevel, ...account } = body;
      if ((role ?? accessLevel) !== undefined && !isAdmin) throw new DomainError("common.forbidden");
      await changeAccount({ edge, userId, call, keepLoginId: principal.login?.loginId }, account);
      if ((role ?? accessLevel) !== undefined) {
        const standing = { ...(role && { role }), ...(accessLevel !== undefined && { accessLevel }) };
        await edge.actors.get(User, userId).changeStanding(standing, call);
      }
      return userOnWire(await findAccount(edge, userId));
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "DELETE",
    path: "/api/users/:id",
    auth: "user",
    summary: "Deletes a user for good: every login ends, and the names are free again",
    answers: success,
    errors: ["common.forbidden", "user.not_found"],
    async handle({ principal, params, edge, call }) {
      const { userId } = await allowed(edge, principal.userId, params.id);
      await deleteAccount({ edge, userId, call });
      return succeeded;
    },
  }),
];

/** Oneself, or anybody for an administrator. The answer to others does not say whether there is such a user. */
async function allowed(edge: Edge, callerId: UserId, id: string): Promise<{ userId: UserId; isAdmin: boolean }> {
  const { role } = await edge.actors.get(User, callerId).standing({});
  const isAdmin = role === "admin";
  if (id !== callerId && !isAdmin) throw new DomainError("common.forbidden");
  const userId = stampId(id, "user.not_found");
  await findAccount(edge, userId);
  return { userId, isAdmin };
}
