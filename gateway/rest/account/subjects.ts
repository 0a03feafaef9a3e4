// The account or token that a request without a login names, for its rate limit. Bodies are unchecked here: a request that
// names none is limited by its address alone.
import { hashRefreshSecret } from "../../auth/refresh-token.ts";
import { limits } from "../../kit/rate-limit.ts";
import type { RateLimit } from "../../ports.ts";
import type { RawRequest, Subject } from "../kit/route.ts";
import { targetOf } from "./account.ts";

const maxNameChars = 254;

/** The account that the first given one of these fields names. */
export function namedIn(limit: RateLimit, ...fields: readonly string[]) {
  return ({ edge, body }: Pick<RawRequest, "edge" | "body">): Subject | undefined => {
    const given = (body ?? {}) as Record<string, unknown>;
    const name = fields.map((field) => given[field]).find((value) => typeof value === "string" && value !== "");
    if (typeof name !== "string" || name.length > maxNameChars) return undefined;
    const target = targetOf(edge, name);
    return target && { limit, key: target.key, counts: "requests" };
  };
}

/** Failures are counted only: retries of a lost answer succeed, and a secret of 256 bits cannot be guessed. */
export function refreshSubject({ body, client }: Pick<RawRequest, "body" | "client">): Subject | undefined {
  const { refreshToken } = (body ?? {}) as { refreshToken?: unknown };
  const token = typeof refreshToken === "string" ? refreshToken : client.bearer;
  return token === undefined
    ? undefined
    : { limit: limits.refreshToken, key: hashRefreshSecret(token), counts: "failures" };
}
