// Refresh tokens are opaque: `userId.loginId.secret`. Only the secret's SHA-256 leaves the edge (G12).
import { createHmac, hash } from "node:crypto";
import type { Random } from "../../actors/runtime/ports.ts";
import { isStampId, type UserId } from "../../actors/shared/ids.ts";

export interface RefreshToken {
  userId: UserId;
  loginId: string;
  secret: string;
}

export function createRefreshSecret(random: Random): string {
  return Buffer.from(random.hex(256), "hex").toString("base64url");
}

/**
 * The secret that follows another one: an exchange that is repeated gives the same secret. It cannot be derived without the
 * server's key.
 */
export function deriveRefreshSecret(key: Uint8Array, oldSecret: string): string {
  return createHmac("sha256", key).update(`refresh\n${oldSecret}`).digest("base64url");
}

export function hashRefreshSecret(secret: string): string {
  return hash("sha256", secret, "base64url");
}

export function encodeRefreshToken({ userId, loginId, secret }: RefreshToken): string {
  return `${userId}.${loginId}.${secret}`;
}

/** Undefined when the text is no refresh token. */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  const match = /^([0-9]{1,16})\.([\w:-]{1,64})\.([\w-]{43})$/.exec(token);
  if (!match) return undefined;
  const [, userId = "", loginId = "", secret = ""] = match;
  return isStampId(userId) ? { userId, loginId, secret } : undefined;
}
