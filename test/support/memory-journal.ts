// A journal in memory, for tests.
import type { AppendOutcome, Journal, StoredCommit } from "../../actors/runtime/ports.ts";

export function createMemoryJournal(): Journal {
  const logs = new Map<number, StoredCommit[]>();
  let newest = 0;
  const last = (shard: number): number => logs.get(shard)?.at(-1)?.sequence ?? 0;

  return {
    async append(shard, expectedSequence, commit): Promise<AppendOutcome> {
      if (last(shard) !== expectedSequence) return { kind: "conflict", lastSequence: last(shard) };
      const log = logs.get(shard) ?? [];
      logs.set(shard, log);
      // A copy: the caller may use its buffer again.
      log.push({ sequence: ++newest, commit: commit.slice() });
      return { kind: "appended", sequence: newest };
    },
    async read(shard, fromSequence, maxCommits) {
      const log = logs.get(shard) ?? [];
      const start = log.findIndex(({ sequence }) => sequence >= fromSequence);
      return start < 0 ? [] : log.slice(start, start + maxCommits);
    },
    last: async (shard) => logs.get(shard)?.at(-1),
    lastSequences: async () => new Map([...logs.keys()].map((shard) => [shard, last(shard)])),
    async trim(shard, upTo) {
      const log = logs.get(shard);
      if (log)
        logs.set(
          shard,
          log.filter(({ sequence }, index) => sequence > upTo || index === log.length - 1),
        );
    },
  };
}
