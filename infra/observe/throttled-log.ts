// Logs messages that may come by the thousand: one line of a kind per `pauseMs`, with the number of lines that were left out.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";

/** With more kinds than this, all counts are dropped and counting starts again. */
const maxKinds = 1_000;

export type ThrottledLog = (message: string, fields?: Record<string, unknown>) => void;

interface ThrottleOptions {
  /** Default: warn. */
  readonly level?: "warn" | "error";
  /** The time in which one line of a kind is written. Default 10 000. */
  readonly pauseMs?: number;
  /** The kind of a message; messages of one kind are counted together. Default: the message itself. */
  kindOf?(message: string): string;
}

export function createThrottledLog(
  log: Log,
  clock: Pick<Clock, "monotonicMs">,
  { level = "warn", pauseMs = 10_000, kindOf = (message) => message }: ThrottleOptions = {},
): ThrottledLog {
  const kinds = new Map<string, { untilMs: number; omitted: number }>();
  return (message, fields) => {
    const name = kindOf(message);
    const nowMs = clock.monotonicMs();
    const kind = kinds.get(name);
    if (kind && nowMs < kind.untilMs) {
      kind.omitted += 1;
      return;
    }
    if (kinds.size >= maxKinds) kinds.clear();
    kinds.set(name, { untilMs: nowMs + pauseMs, omitted: 0 });
    log[level](message, kind?.omitted ? { ...fields, timesBefore: kind.omitted } : fields);
  };
}
