// Removes what the journal need not keep: commits below every mark, after a time in which the views can be made anew.
// T1: never the commit of the mark itself: it proves to the next owner that the log is whole (J1).
import type { Clock, Journal, Mark } from "../actors/runtime/ports.ts";
import type { Log } from "../gateway/ports.ts";

const everyMs = 60_000;

export function startTrimmer(deps: {
  journal: Journal;
  /** Marks that a power cut does not set back. */
  marks(): Promise<Mark[]>;
  clock: Clock;
  log: Log;
  keptMs: number;
}): { stop(): void } {
  const { journal, clock, log, keptMs } = deps;
  /** Marks as they were, oldest first: a mark older than `keptMs` says how far may be trimmed. */
  const history: { atMs: number; marks: Mark[] }[] = [];
  let cancel = () => {};
  let isStopped = false;

  const run = async () => {
    const nowMs = clock.monotonicMs();
    const newest = history.at(-1);
    const sampleEveryMs = Math.max(everyMs, keptMs / 48);
    if (!newest || nowMs - newest.atMs >= sampleEveryMs) history.push({ atMs: nowMs, marks: await deps.marks() });
    while (history[1] && history[1].atMs + keptMs <= nowMs) history.shift();
    const oldest = history[0];
    if (!oldest || oldest.atMs + keptMs > nowMs) return;
    for (const { shard, sequence } of oldest.marks) await journal.trim(shard, sequence - 1); // T1
  };
  const again = () => {
    if (isStopped) return;
    cancel = clock.after(everyMs, () => {
      run()
        .catch((error: unknown) => log.error("The journal could not be trimmed", { error }))
        .finally(again);
    });
  };
  again();
  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
