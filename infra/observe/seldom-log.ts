// Lines that may come by the thousand: one now and then, with the number of those that were not said.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";

/** More kinds than this, and counting begins anew. */
const maxKinds = 1_000;

export type SeldomLog = (message: string, fields?: Record<string, unknown>) => void;

interface SeldomOptions {
  /** Default: warn. */
  readonly level?: "warn" | "error";
  /** One line of a kind in so long. Default 10 000. */
  readonly pauseMs?: number;
  /** Messages of one kind are counted together. Default: the message itself. */
  kindOf?(message: string): string;
}

export function createSeldomLog(
  log: Log,
  clock: Pick<Clock, "monotonicMs">,
  { level = "warn", pauseMs = 10_000, kindOf = (message) => message }: SeldomOptions = {},
): SeldomLog {
  const kinds = new Map<string, { untilMs: number; unsaid: number }>();
  return (message, fields) => {
    const name = kindOf(message);
    const nowMs = clock.monotonicMs();
    const kind = kinds.get(name);
    if (kind && nowMs < kind.untilMs) {
      kind.unsaid += 1;
      return;
    }
    if (kinds.size >= maxKinds) kinds.clear();
    kinds.set(name, { untilMs: nowMs + pauseMs, unsaid: 0 });
    log[level](message, kind?.unsaid ? { ...fields, timesBefore: kind.unsaid } : fields);
  };
}
