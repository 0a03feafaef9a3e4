// Logout, new tokens, and guests by access code.
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { refreshLogin } from "../../rest/account/refresh.ts";
import { refreshSubject } from "../../rest/account/subjects.ts";
import { findAccount } from "../identity/account.ts";
import { admitGuest, codeSubject } from "../identity/guest.ts";
import { admit } from "../identity/log-in.ts";
import { logOut } from "../identity/log-out.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { succeeded, success } from "../kit/shapes.ts";
import { nextchat } from "../kit/surface.ts";
import { tokensOnWire, tokensShape } from "../shared/user.ts";

/** Of any token: an access token where the refresh token belongs is a wrong token, and not a malformed request. */
const maxTokenChars = 4_096;

export const nextchatAuthRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/auth/logout",
    auth: "user",
    summary: "Ends the login; its refresh token is void, too",
    body: schema<{ refresh_token?: string }>({ refresh_token: optionalText(maxTokenChars) }),
    answers: success,
    async handle({ principal: { login }, edge, call }) {
      await logOut(edge, login, call);
      return succeeded;
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/auth/refresh",
    auth: "none",
    limit: limits.refresh,
    subject: ({ body, client }) => refreshSubject({ body: { refreshToken: tokenIn(body) }, client }),
    summary: "Exchanges a refresh token, of the body or the Authorization header, for new tokens",
    body: schema<{ refresh_token?: string; refreshToken?: string }>(
      { refresh_token: optionalText(maxTokenChars), refreshToken: optionalText(maxTokenChars) },
      { example: { refresh_token: "…" } },
    ),
    answers: tokensShape,
    errors: ["auth.refresh_invalid", "auth.refresh_expired", "auth.banned", "auth.frozen"],
    async handle({ body, edge, call, client, dialect }) {
      const tokens = await refreshLogin(edge, tokenIn(body) ?? client.bearer ?? "", { call, client, dialect });
      return tokensOnWire(tokens, await findAccount(edge, tokens.userId));
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/auth/access-code",
    auth: "none",
    limit: limits.login,
    subject: codeSubject("code", "access_code"),
    summary: "One use of an access code: logs a guest in",
    body: schema<{ code: string }>(
      { code: { type: "string", min: 1, max: 128 } },
      { example: { code: "welcome-2026" } },
    ),
    answers: tokensShape,
    errors: ["llm.code_wrong", "llm.code_spent"],
    async handle({ body, edge, call, client, dialect }) {
      const userId = await admitGuest(edge, body.code, call);
      return tokensOnWire(await admit(edge, userId, { client, dialect }), await findAccount(edge, userId));
    },
  }),
];

function tokenIn(body: unknown): string | undefined {
  const { refresh_token: snake, refreshToken } = (body ?? {}) as Record<string, unknown>;
  const token = snake ?? refreshToken;
  return typeof token === "string" && token !== "" ? token : undefined;
}
