// One outage makes every shard report the same: it is said at once, and then counted.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import { createSeldomLog } from "./seldom-log.ts";

const pauseMs = 5_000;

/** Reports that differ in numbers only are of one kind. */
export function createTroubleLog(
  log: Log,
  clock: Pick<Clock, "monotonicMs">,
): (message: string, cause: unknown) => void {
  const kindOf = (message: string) => message.replace(/\d+/g, "#");
  const say = createSeldomLog(log, clock, { level: "error", pauseMs, kindOf });
  return (message, error) => say(message, { error });
}
