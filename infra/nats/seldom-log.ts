// Warnings that may come by the thousand: one line now and then, with their number.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";

const pauseMs = 10_000;

export type SeldomLog = (message: string, fields?: Record<string, unknown>) => void;

export function createSeldomLog(log: Log, clock: Pick<Clock, "monotonicMs">): SeldomLog {
  const kinds = new Map<string, { untilMs: number; unsaid: number }>();
  return (message, fields) => {
    const nowMs = clock.monotonicMs();
    const kind = kinds.get(message);
    if (kind && nowMs < kind.untilMs) {
      kind.unsaid += 1;
      return;
    }
    kinds.set(message, { untilMs: nowMs + pauseMs, unsaid: 0 });
    log.warn(message, kind?.unsaid ? { ...fields, timesBefore: kind.unsaid } : fields);
  };
}
