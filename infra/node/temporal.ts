// Where the clients and the worker of this host find Temporal.
import type { TemporalConfig } from "../config/servers.ts";
import type { TemporalOptions } from "../temporal/connection.ts";
import type { World } from "./world.ts";

/** The task queue is named after the store, so that two systems on one Temporal never run each other's workflows. */
export function temporalOptions(temporal: TemporalConfig, { storeId }: Pick<World, "storeId">): TemporalOptions {
  return { ...temporal, tls: temporal.tls || undefined, taskQueue: `parley-${storeId}` };
}
