// Presence is a courtesy: a store that does not answer fails no page.
import { DomainError } from "../../actors/shared/errors.ts";
import type { GatewayDeps, Presence } from "../ports.ts";

/** Undefined: nothing is known now. */
export async function findPresence(
  { presence, log }: Pick<GatewayDeps, "presence" | "log">,
  userIds: readonly string[],
): Promise<Awaited<ReturnType<Presence["findMany"]>> | undefined> {
  try {
    return await presence.findMany(userIds);
  } catch (error) {
    // A store that is away has said so.
    if (!(error instanceof DomainError))
      log.warn("presence: lookup failed, users shown as offline", { cause: String(error) });
    return undefined;
  }
}
