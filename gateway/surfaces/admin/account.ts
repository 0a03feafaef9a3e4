// The administrator of the admin pages: login, logout, password.
import { DomainError } from "../../../actors/shared/errors.ts";
import { need, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { networkOf } from "../../kit/client-address.ts";
import { limits } from "../../kit/rate-limit.ts";
import { count, object, seconds, text as shown } from "../../wire/shapes/fields.ts";
import { findAccount, isoTime } from "../identity/account.ts";
import { changePassword } from "../identity/change-password.ts";
import { admit, proveByName } from "../identity/log-in.ts";
import { logOut } from "../identity/log-out.ts";
import { adminCookie } from "../kit/principal.ts";
import { type Http, type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { isFromElsewhere } from "../kit/same-origin.ts";
import { isoShape, succeeded, success } from "../kit/shapes.ts";
import { gpt2api } from "../kit/surface.ts";

interface Passwords {
  oldPassword?: string;
  old_password?: string;
  newPassword?: string;
  new_password?: string;
}

const adminProps = { id: count(), username: shown(100) };

export const adminAccountRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: gpt2api,
    method: "POST",
    path: "/admin/login",
    auth: "none",
    limit: limits.login,
    subject({ body, client }) {
      const { username } = (body ?? {}) as { username?: unknown };
      if (typeof username !== "string") return undefined;
      return { limit: limits.adminLogin, key: `${networkOf(client.ip)}\n${username}`, counts: "failures" };
    },
    summary: "Logs an administrator in: a token, and a cookie for the admin pages",
    body: schema<{ username: string; password: string }>(
      { username: text(254), password: text(128) },
      { example: { username: "admin", password: "Passw0rd1" } },
    ),
    answers: object({ ...success.props, token: shown(2_048), expires_in: seconds, user: object(adminProps) }),
    errors: ["auth.wrong_password", "auth.banned", "auth.frozen", "common.forbidden"],
    async handle({ body, edge, client, dialect, http }) {
      const proof = await proveByName(edge, body.username, body.password);
      const { standing, username } = await findAccount(edge, proof.userId);
      if (standing.role !== "admin") throw new DomainError("common.forbidden");
      const { accessToken, expiresIn } = await admit(edge, proof.userId, { client, dialect, ...proof });
      // A page of another origin gets the token, and logs nobody in to the admin pages.
      if (!isFromElsewhere(http.request.headers)) setCookie(http, accessToken, expiresIn);
      const user = { id: Number(proof.userId), username };
      return { ...succeeded, token: accessToken, expires_in: expiresIn, user };
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "POST",
    path: "/admin/logout",
    auth: "admin",
    summary: "Ends the login",
    answers: success,
    async handle({ principal, edge, call, http }) {
      await logOut(edge, principal.login, call);
      setCookie(http, "", 0);
      return succeeded;
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "POST",
    path: "/admin/change-password",
    auth: "admin",
    limit: limits.changePassword,
    summary: "Changes the administrator's password; every other login ends",
    body: schema<Passwords>(
      {
        oldPassword: optionalText(128),
        old_password: optionalText(128),
        newPassword: optionalText(128),
        new_password: optionalText(128),
      },
      { example: { oldPassword: "Passw0rd1", newPassword: "Passw0rd2" } },
    ),
    answers: success,
    errors: ["auth.wrong_password"],
    async handle({ principal: { login }, body, edge, call }) {
      if (!login) throw new DomainError("auth.token_invalid");
      const oldPassword = need("oldPassword", body.oldPassword, body.old_password);
      const newPassword = need("newPassword", body.newPassword, body.new_password);
      await changePassword(edge, login, { oldPassword, newPassword, field: "newPassword" }, call);
      return succeeded;
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "GET",
    path: "/admin/profile",
    auth: "admin",
    summary: "The administrator who is logged in",
    answers: object({ ...adminProps, created_at: isoShape }),
    async handle({ principal: { userId }, edge }) {
      const { profile, username } = await findAccount(edge, userId);
      return { id: Number(userId), username, created_at: isoTime(profile.createdAtMs) };
    },
  }),
];

/** No script reads it, and no page elsewhere sends it. */
function setCookie(http: Http, token: string, maxAgeSeconds: number): void {
  const secure = http.isSecure ? "; Secure" : "";
  http.header(
    "Set-Cookie",
    `${adminCookie}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}
