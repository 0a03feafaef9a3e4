// Trims the journal: removes the commits of each shard that lie below its mark and are older than `keptMs`. Until then the
// views can be rebuilt from the journal.
//
// The commit of the mark itself stays, because it proves to the next owner that the log is whole (J1). No trim goes above
// the present durable mark, because the views may be older than a sample (when they were restored from a copy). Samples are
// saved, so that a restart does not extend the time. A journal that is over half full is trimmed up to the present marks at
// once, so that no send fails for lack of room that old commits take.
import type { Clock, Mark } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import type { MarkHistory, MarkSample } from "./mark-history.ts";

const everyMs = 60_000;
/** Samples taken within `keptMs`. */
const samplesKept = 48;
/** Share of the journal's limit above which it is trimmed at once. */
const crowdedShare = 0.5;

export interface Trimmable {
  trim(shard: number, upTo: number): Promise<void>;
  usage(): Promise<{ usedBytes: number; maxBytes: number }>;
}

export function startTrimmer(deps: {
  journal: Trimmable;
  /** The durable marks: a power loss does not set them back. */
  marks(): Promise<Mark[]>;
  history: MarkHistory;
  /** Every host samples the marks; one host trims. */
  isTrimmer(): boolean;
  clock: Clock;
  log: Log;
  keptMs: number;
}): { stop(): void } {
  const { journal, clock, log, keptMs } = deps;
  /** Oldest first. The marks of a sample that is older than `keptMs` are how far the journal may be trimmed. */
  let samples: MarkSample[] | undefined;
  let trimmedFor: number | undefined;
  let cancel = () => {};
  let isStopped = false;

  const run = async () => {
    const nowMs = clock.nowMs();
    samples ??= await deps.history.load();
    // Samples from the future, taken while the clock was ahead, would stop the sampling until then.
    samples = samples.filter(({ atMs }) => atMs <= nowMs);
    const newest = samples.at(-1);
    if (!newest || nowMs - newest.atMs >= Math.max(everyMs, keptMs / samplesKept)) {
      const marks = await deps.marks();
      samples.push({ atMs: nowMs, sequences: marks.map(({ shard, sequence }) => [shard, sequence]) });
      while (samples[1] && samples[1].atMs + keptMs <= nowMs) samples.shift();
      await deps.history.save(samples);
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
    for (const [shard, sampled] of sequences) {
      if (isStopped) return;
      const mark = Math.min(sampled, marks.get(shard) ?? 0);
      if (mark > 0) await journal.trim(shard, mark - 1); // keeps the commit of the mark
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
