// Rate limits of requests: counted for the user, or without a login for the subject and the address.
import { DomainError } from "../../actors/shared/errors.ts";
import { limits, refuseIfEmpty, takeOrRefuse, takeWhereItHolds } from "../kit/rate-limit.ts";
import type { RateLimits } from "../ports.ts";
import type { Edge, Route, Subject } from "./kit/route.ts";

/** What a route of any surface says of its limits. */
type Limited = Pick<Route, "limit" | "signedBody"> & { subject?: unknown };

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

/** When the body is read and names the subject. The subject is charged first; a refusal charges nothing to the address. */
export async function admitSubject(
  { rateLimits }: Edge,
  route: Limited,
  network: string,
  subject: Subject | undefined,
): Promise<void> {
  if (!route.subject) return;
  if (subject?.counts === "failures") refuseIfEmpty(rateLimits, subject.limit, subject.key);
  else if (subject) await takeOfSubject(rateLimits, subject);
  await takeOfAddress({ rateLimits }, route, network);
}

export function countFailure({ rateLimits }: Edge, subject: Subject | undefined, thrown: unknown): void {
  if (subject?.counts !== "failures") return;
  if (thrown instanceof DomainError && thrown.kind === "unauthorized") rateLimits.take(subject.limit, subject.key);
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
  // Signed bodies come from one service for all users, and have the limit of their route alone.
  if (route.signedBody === undefined) takeOrRefuse(rateLimits, limits.ip, network);
  if (route.limit) await takeWhereItHolds(rateLimits, route.limit, network);
}
