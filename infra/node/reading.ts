// The read side of this host. Its gateway and the steps of its processes share one, and so one limit on asking actors.
import type { Reading } from "../../actors/reading/contract.ts";
import { defaultReadingLimits } from "../../actors/reading/limits.ts";
import type { Directory } from "../../actors/reading/ports.ts";
import { createReading } from "../../actors/reading/reading.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../system/clock.ts";
import { orUnavailable } from "../views/away-readers.ts";
import type { World } from "./world.ts";

export function openReading(
  config: Pick<Config, "limits">,
  { views, heads, storeId }: Pick<World, "views" | "heads" | "storeId">,
  actors: Actors,
  reportError: (message: string, cause: unknown) => void,
): { reading: Reading; directory: Directory } {
  const directory = orUnavailable(views.directory, reportError);
  const { maxPageMessages } = config.limits;
  const limits = { ...defaultReadingLimits, maxPageMessages, maxSearchMessages: maxPageMessages };
  const reading = createReading({
    messages: orUnavailable(views.messages, reportError),
    buckets: orUnavailable(views.buckets, reportError),
    changes: orUnavailable(views.changes, reportError),
    ...{ directory, actors, heads, clock: systemClock, storeId, limits },
  });
  return { reading, directory };
}
