// Presence is best effort: a store that does not answer makes no request fail.
import { DomainError } from "../../actors/shared/errors.ts";
import type { GatewayDeps, Presence } from "../ports.ts";

/** Undefined while the store is unavailable. */
export async function findPresence(
  { presence, log }: Pick<GatewayDeps, "presence" | "log">,
  userIds: readonly string[],
): Promise<Awaited<ReturnType<Presence["findMany"]>> | undefined> {
  try {
    return await presence.findMany(userIds);
  } catch (error) {
    // The store logs by itself that it is unavailable.
    if (!(error instanceof DomainError))
      log.warn("presence: lookup failed, users shown as offline", { cause: String(error) });
    return undefined;
  }
}
