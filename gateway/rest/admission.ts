// Rate limits of requests: counted for the user, or without a login for the subject and the address.
import { DomainError } from "../../actors/shared/errors.ts";
import { limits, refuseIfEmpty, takeOrRefuse, takeWhereItHolds } from "../kit/rate-limit.ts";
import type { RateLimits } from "../ports.ts";
import type { Edge, Route, Subject } from "./kit/route.ts";

/** What a route of any surface says of its limits. */
type Limited = Pick<Route, "limit" | "signedBody"> & { auth?: string; subject?: unknown };

export async function admitUser({ rateLimits }: Edge, { limit }: Limited, userId: string): Promise<void> {
  takeOrRefuse(rateLimits, limits.user, userId);
  if (limit) await takeWhereItHolds(rateLimits, limit, userId);
}

/** Before the body is read. An address without tries left is refused at once. */
export async function admitAddress({ rateLimits }: Edge, route: Limited, network: string): Promise<void> {
  if (route.subject) {
    refuseIfEmpty(rateLimits, limits.ip, network);
    if (route.limit) refuseIfEmpty(rateLimits, route.limit, network);
  } else await takeOfAddress({ rateLimits }, route, network);
}

/**
 * Serves a request without a caller, when its body is read and names the subject. The subject is charged first; a refusal charges
 * nothing to the address. A subject that pays for failures alone is charged as well, so that guesses at the same time are counted
 * before they are answered, and gets it back when the request was no failure.
 */
export async function serveSubject<T>(
  { rateLimits }: Pick<Edge, "rateLimits">,
  route: Limited,
  { network, subject }: { network: string; subject: Subject | undefined },
  serve: () => Promise<T>,
): Promise<T> {
  if (!route.subject) return serve();
  if (subject) await takeOfSubject(rateLimits, subject);
  let isFailure = false;
  try {
    await takeOfAddress({ rateLimits }, route, network);
    return await serve();
  } catch (thrown) {
    isFailure = thrown instanceof DomainError && thrown.kind === "unauthorized";
    throw thrown;
  } finally {
    if (subject?.counts === "failures" && !isFailure) rateLimits.giveBack(subject.limit, subject.key);
  }
}

async function takeOfSubject(rateLimits: RateLimits, { limit, key, overall }: Subject): Promise<void> {
  await takeWhereItHolds(rateLimits, limit, key);
  if (!overall) return;
  try {
    await takeWhereItHolds(rateLimits, overall.limit, overall.key);
  } catch (tooMany) {
    if (!(await overall.isExempt())) throw tooMany;
  }
}

async function takeOfAddress({ rateLimits }: Pick<Edge, "rateLimits">, route: Limited, network: string): Promise<void> {
  // Signed bodies come from one service for all users, and signed addresses show the pictures of a whole office: both have the
  // limit of their route alone.
  if (route.signedBody === undefined && route.auth !== "signed") takeOrRefuse(rateLimits, limits.ip, network);
  if (route.limit) await takeWhereItHolds(rateLimits, route.limit, network);
}
