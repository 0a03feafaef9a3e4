// The account or token that a request without a login names, for its rate limit. Bodies are unchecked here: a request that
// names none is limited by its address alone.
import { Session } from "../../../actors/session/contract.ts";
import { hashRefreshSecret } from "../../auth/refresh-token.ts";
import { networkOf } from "../../kit/client-address.ts";
import { limits } from "../../kit/rate-limit.ts";
import type { RateLimit } from "../../ports.ts";
import type { RawRequest, Subject } from "../kit/route.ts";
import { findUserId, type Target, targetOf, withUnproven } from "./account.ts";

const maxNameChars = 254;

type Named = Pick<RawRequest, "edge" | "body" | "client">;

function targetNamedIn({ edge, body }: Named, fields: readonly string[]): Target | undefined {
  const given = (body ?? {}) as Record<string, unknown>;
  const name = fields.map((field) => given[field]).find((value) => typeof value === "string" && value !== "");
  return typeof name === "string" && name.length <= maxNameChars ? targetOf(edge, name) : undefined;
}

/** The phone number or e-mail address that the first given one of these fields names, the same for every caller. */
export function namedIn(limit: RateLimit, ...fields: readonly string[]) {
  return (request: Named): Subject | undefined => {
    const target = targetNamedIn(request, fields);
    return target && { limit, key: target.key, counts: "requests" };
  };
}

/**
 * The same, counted for each network by itself, so that strangers do not use up the tries of the owner. For requests that a
 * code proves: a code has a limit of its own on wrong tries, from whatever address.
 */
export function namedFromNetwork(limit: RateLimit, ...fields: readonly string[]) {
  return (request: Named): Subject | undefined => {
    const target = targetNamedIn(request, fields);
    return target && { limit, key: fromNetwork(target, request), counts: "requests" };
  };
}

/**
 * Guesses are counted for the account from one network, and from all. When strangers have used up the latter, the account's
 * owner still logs in at a device or in a network where the account is logged in.
 */
export function loginSubject(...fields: readonly string[]) {
  return (request: Named): Subject | undefined => loginSubjectOf(request, targetNamedIn(request, fields));
}

function loginSubjectOf(request: Named, target: Target | undefined): Subject | undefined {
  if (!target) return undefined;
  return {
    limit: limits.loginFromNetwork,
    key: fromNetwork(target, request),
    counts: "requests",
    overall: { limit: limits.loginAccount, key: target.key, isExempt: () => isKnownPlace(request, target) },
  };
}

async function isKnownPlace({ edge, body, client }: Named, target: Target): Promise<boolean> {
  const userId = await findUserId(edge, target.kind === "email" ? withUnproven(target) : target);
  if (userId === undefined) return false;
  const { deviceId } = body as { deviceId?: unknown };
  const { logins } = await edge.actors.get(Session, userId).logins({});
  return logins.some((login) => login.deviceId === deviceId || networkOf(login.ip) === networkOf(client.ip));
}

function fromNetwork(target: Target, { client }: Named): string {
  return `${networkOf(client.ip)}\n${target.key}`;
}

/** Failures are counted only: retries of a lost answer succeed, and a secret of 256 bits cannot be guessed. */
export function refreshSubject({ body, client }: Pick<RawRequest, "body" | "client">): Subject | undefined {
  const { refreshToken } = (body ?? {}) as { refreshToken?: unknown };
  const token = typeof refreshToken === "string" ? refreshToken : client.bearer;
  return token === undefined
    ? undefined
    : { limit: limits.refreshToken, key: hashRefreshSecret(token), counts: "failures" };
}
