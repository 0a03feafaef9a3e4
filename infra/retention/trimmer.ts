// Removes what the journal need not keep: commits below every mark, after a time in which the views can be made anew.
// T1: never the commit of the mark itself: it proves to the next owner that the log is whole (J1).
// T2: never above the durable mark of now: the views may be older than what was noted (restored from a copy).
// T3: how long something is kept does not begin anew with each start: what was noted outlives the process.
// T4: a file that is over half its limit is not kept full for the time's sake: no send may fail for what could go.
import type { Clock, Mark } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import type { MarkHistory, MarkSample } from "./mark-history.ts";

const everyMs = 60_000;
/** Marks are noted so many times while something is kept. */
const samplesKept = 48;
/** Of the file's limit. T4. */
const crowdedShare = 0.5;

export interface Trimmable {
  trim(shard: number, upTo: number): Promise<void>;
  usage(): Promise<{ usedBytes: number; maxBytes: number }>;
}

export function startTrimmer(deps: {
  journal: Trimmable;
  /** Marks that a power cut does not set back. */
  marks(): Promise<Mark[]>;
  history: MarkHistory;
  /** Every host notes how far the views were; one trims. */
  isTrimmer(): boolean;
  clock: Clock;
  log: Log;
  keptMs: number;
}): { stop(): void } {
  const { journal, clock, log, keptMs } = deps;
  /** Oldest first: a sample older than `keptMs` says how far may be trimmed. */
  let samples: MarkSample[] | undefined;
  let trimmedFor: number | undefined;
  let cancel = () => {};
  let isStopped = false;

  const run = async () => {
    const nowMs = clock.nowMs();
    samples ??= await deps.history.load();
    // A clock that was ahead, and is right again, must not stop the notes until then.
    samples = samples.filter(({ atMs }) => atMs <= nowMs);
    const newest = samples.at(-1);
    if (!newest || nowMs - newest.atMs >= Math.max(everyMs, keptMs / samplesKept)) {
      const marks = await deps.marks();
      samples.push({ atMs: nowMs, sequences: marks.map(({ shard, sequence }) => [shard, sequence]) });
      while (samples[1] && samples[1].atMs + keptMs <= nowMs) samples.shift();
      await deps.history.save(samples); // T3
    }
    if (!deps.isTrimmer()) return;
    const { usedBytes, maxBytes } = await journal.usage();
    if (usedBytes > maxBytes * crowdedShare) {
      log.warn("journal: over half full, trimming before JOURNAL_RETENTION_HOURS", { usedBytes });
      await trimTo({ atMs: nowMs, sequences: (await deps.marks()).map(({ shard, sequence }) => [shard, sequence]) });
      return;
    }
    const oldest = samples[0];
    if (oldest && oldest.atMs + keptMs <= nowMs && oldest.atMs !== trimmedFor) await trimTo(oldest);
  };

  const trimTo = async ({ atMs, sequences }: MarkSample) => {
    const marks = new Map((await deps.marks()).map(({ shard, sequence }) => [shard, sequence]));
    for (const [shard, noted] of sequences) {
      if (isStopped) return;
      const mark = Math.min(noted, marks.get(shard) ?? 0); // T2
      if (mark > 0) await journal.trim(shard, mark - 1); // T1
    }
    trimmedFor = atMs;
  };

  const again = () => {
    if (isStopped) return;
    cancel = clock.after(everyMs, () => {
      run()
        .catch((error: unknown) => log.error("journal: trim failed", { error }))
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
