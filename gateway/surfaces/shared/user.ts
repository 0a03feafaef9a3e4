// A user, in the spellings of both surfaces.

import type { Tokens } from "../../rest/account/login.ts";
import { count, flag, nullable, object, optional, seconds, text } from "../../wire/shapes/fields.ts";
import { type AccountView, isoTime } from "../identity/account.ts";
import { isoShape } from "../kit/shapes.ts";

export const userShape = object(
  {
    ...{ id: text(64), username: text(100), email: text(254), avatar: text(2_048), role: text(16) },
    ...{ access_level: count(), isActive: flag, is_active: flag },
    ...{ created_at: isoShape, createdAt: isoShape, updated_at: isoShape, updatedAt: isoShape },
    ...{ last_login_at: nullable(isoShape), lastLoginAt: nullable(isoShape) },
  },
  "SurfaceUser",
);

export function userOnWire({ profile, standing, username }: AccountView) {
  const { userId, email, avatar, createdAtMs } = profile;
  const [createdAt, updatedAt] = [isoTime(createdAtMs), isoTime(Math.max(createdAtMs, standing.updatedAtMs))];
  const lastLoginAt = standing.lastLoginAtMs > 0 ? isoTime(standing.lastLoginAtMs) : null;
  return {
    ...{ id: userId, username, email, avatar, role: standing.role, access_level: standing.accessLevel },
    ...{ isActive: !standing.isDeleted, is_active: !standing.isDeleted },
    ...{ created_at: createdAt, createdAt, updated_at: updatedAt, updatedAt, last_login_at: lastLoginAt, lastLoginAt },
  };
}

const token = text(2_048);
export const tokensShape = object(
  {
    ...{ success: flag, token, access_token: token, accessToken: token, token_type: text(16) },
    ...{ refresh_token: text(256), refreshToken: text(256), expires_in: seconds, expiresIn: seconds },
    user: userShape,
    data: optional(object({ token, user: userShape })),
  },
  "SurfaceTokens",
);

export function tokensOnWire({ accessToken, refreshToken, expiresIn }: Tokens, account: AccountView) {
  const user = userOnWire(account);
  return {
    ...{ success: true, token: accessToken, access_token: accessToken, accessToken, token_type: "Bearer" },
    ...{ refresh_token: refreshToken, refreshToken, expires_in: expiresIn, expiresIn, user },
    data: { token: accessToken, user },
  };
}
