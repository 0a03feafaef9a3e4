// Logs error reports. In an outage every shard reports the same error: the first report is logged at once, further ones are
// counted.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import { createThrottledLog } from "./throttled-log.ts";

const pauseMs = 5_000;

/** Reports that differ in numbers only count as the same kind. */
export function createErrorReportLog(
  log: Log,
  clock: Pick<Clock, "monotonicMs">,
): (message: string, cause: unknown) => void {
  const kindOf = (message: string) => message.replace(/\d+/g, "#");
  const write = createThrottledLog(log, clock, { level: "error", pauseMs, kindOf });
  return (message, error) => write(message, { error });
}
