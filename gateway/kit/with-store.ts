// Calls of the object store from the edge.
import type { Objects } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { GatewayDeps } from "../ports.ts";

export type Store = Pick<GatewayDeps, "objects" | "log">;

/** A failure of the store is common.unavailable, and logged. */
export async function withStore<T>({ objects, log }: Store, use: (objects: Objects) => Promise<T>): Promise<T> {
  if (!objects) throw new DomainError("common.unavailable");
  try {
    return await use(objects);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    log.warn("objects: the store failed", { error: (cause as Error).message });
    throw new DomainError("common.unavailable", { cause });
  }
}
