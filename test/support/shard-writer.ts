// The owner of a shard, as a host has it: a real ShardLog on the journal under test, with the texts that it has confirmed.

import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import { logRules } from "../../actors/runtime/log/log-rules.ts";
import type { LoggedCommit, TailOutcome, TakeOutcome } from "../../actors/runtime/log/outcomes.ts";
import { readTail } from "../../actors/runtime/log/read-tail.ts";
import { ShardLog } from "../../actors/runtime/log/shard-log.ts";
import type { Journal, Mark } from "../../actors/runtime/ports.ts";
import type { ActorRecord } from "../../actors/runtime/record.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";

export class ShardWriter {
  readonly log: ShardLog;
  readonly boot = systemRandom.hex(128);
  /** The texts of our commits that the log confirmed, in the log's order. */
  readonly committed: string[] = [];
  /** Appends whose outcome was unknown, and the like. */
  readonly errorReports: string[] = [];
  isLost = false;
  /** The sequence of our newest commit. */
  mark: Mark | undefined;
  #n = 0;
  #numbers = 0;

  constructor(journal: Journal, shard: number, host = "ann") {
    this.log = new ShardLog(shard, {
      journal,
      clock: systemClock,
      place: { host, boot: this.boot },
      nextNumber: () => ++this.#numbers,
      limits: { ...defaultRuntimeLimits, retryMaxMs: 200 },
      rules: logRules,
      isPresent: () => false,
      onCommitted: (commit) => this.#note(commit),
      onLost: () => {
        this.isLost = true;
      },
      reportError: (message, cause) => this.errorReports.push(`${message}: ${String(cause)}`),
    });
  }

  take(mark?: Mark, mayTake: (lastBoot: string | undefined) => boolean = () => true): Promise<TakeOutcome> {
    return this.log.take(async () => mark, mayTake);
  }

  /**
   * Appends a commit with one record. True when the log confirms the commit as ours, false when the log can never contain it.
   */
  say(text: string): Promise<boolean> {
    this.#n += 1;
    const stamp = this.log.stamps.next(Date.now());
    const record: ActorRecord = {
      ...{ kind: "conversation", key: `s_1_${this.log.index}`, n: this.#n, stamp, atMs: Date.now() },
      events: [text],
    };
    return new Promise((resolve) => {
      this.log.decide({ record, text: JSON.stringify(record) }, resolve);
      this.log.flush();
    });
  }

  #note({ sequence, id, records }: LoggedCommit): void {
    this.mark = { shard: this.log.index, sequence, commitId: id };
    for (const { record } of records) this.committed.push(...(record.events as string[]));
  }
}

/** Takes the shard over from any earlier owner. */
export async function own(journal: Journal, shard: number, mark?: Mark): Promise<ShardWriter> {
  const writer = new ShardWriter(journal, shard);
  const outcome = await writer.take(mark);
  if (outcome.kind !== "taken") throw new Error(`shard ${shard}: ${JSON.stringify(outcome)}`);
  return writer;
}

/** All texts in the shard's log, oldest first. Throws when the log has a gap. */
export async function saidIn(journal: Journal, shard: number, mark?: Mark): Promise<string[]> {
  const tail: TailOutcome = await readTail(journal, logRules, { shard, mark, end: await journal.last(shard) });
  if (tail.kind !== "tail") throw new Error(`shard ${shard}: ${JSON.stringify(tail)}`);
  return tail.commits.flatMap(({ commit }) =>
    commit.type === "records" ? commit.records.flatMap(({ events }) => events as string[]) : [],
  );
}
