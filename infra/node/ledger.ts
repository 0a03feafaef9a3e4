// The readers of the ledger.
import { createUsage, type UsageReading } from "../../actors/account/usage.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { systemClock } from "../system/clock.ts";
import { orUnavailable } from "../views/away-readers.ts";
import type { World } from "./world.ts";

export function openUsage(
  { views }: Pick<World, "views">,
  actors: Actors,
  reportError: (message: string, cause: unknown) => void,
): UsageReading {
  return createUsage({ actors, reader: orUnavailable(views.usage, reportError), clock: systemClock });
}
