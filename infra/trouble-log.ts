// One outage makes every shard report the same: it is said at once, and then counted.
import type { Clock } from "../actors/runtime/ports.ts";
import type { Log } from "../gateway/ports.ts";

const saidEveryMs = 5_000;
const maxKinds = 1_000;

interface Said {
  atMs: number;
  unsaid: number;
}

/** Reports that differ in numbers only are of one kind. */
export function createTroubleLog(
  log: Log,
  clock: Pick<Clock, "monotonicMs">,
): (message: string, cause: unknown) => void {
  const kinds = new Map<string, Said>();
  return (message, error) => {
    const kind = message.replace(/\d+/g, "#");
    const nowMs = clock.monotonicMs();
    const said = kinds.get(kind);
    if (said && nowMs - said.atMs < saidEveryMs) {
      said.unsaid += 1;
      return;
    }
    const more = said && said.unsaid > 0 ? { alike: said.unsaid } : {};
    log.error(message, { error, ...more });
    if (kinds.size >= maxKinds) kinds.clear();
    kinds.set(kind, { atMs: nowMs, unsaid: 0 });
  };
}
