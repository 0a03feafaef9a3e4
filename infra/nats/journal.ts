// The journal of a cluster: the log of each shard is a subject in one of a few JetStream streams. journal-streams.ts and
// journal-usage.ts implement J1, compare-and-set.ts implements J2 and J4, journal-reads.ts implements J3.
import type { AppendOutcome, Journal } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import { createCompareAndSet } from "./compare-and-set.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";
import { manageJetStream } from "./jetstream.ts";
import { readLast, readLog, readNewest } from "./journal-reads.ts";
import { openJournalStreams, subjectOf } from "./journal-streams.ts";
import { type StreamUsage, watchUsage } from "./journal-usage.ts";

export interface NatsJournalOptions {
  readonly connection: NatsConnection;
  /** The number of streams, which is chosen when the journal is created and cannot change later. */
  readonly streams: number;
  /** 3 in production. */
  readonly replicas: number;
  readonly maxBytesPerStream: number;
  readonly log: Log;
  /** The outcome of an append that takes longer counts as unknown. Default 2 000. */
  readonly appendMsMax?: number;
  /** A larger commit is refused as `too_large`. Default 512 KiB. */
  readonly maxCommitBytes?: number;
}

export type NatsJournal = Journal & {
  /** Drawn at random when the journal was created; the same for all hosts. */
  readonly storeId: string;
  readonly streamNames: readonly string[];
  /** Why the newest append failed; undefined when it was accepted or found a conflict. For /ready. */
  failure(): string | undefined;
  /** The usage of the fullest stream. */
  usage(): Promise<StreamUsage>;
  /** The shard's stream is over 90 % full: only fences, releases and re-appended commands may still be written. */
  isCrowded(shard: number): boolean;
  /** Undecided appends reject. The connection stays open: its owner closes it. */
  close(): void;
};

/** The server's limit of a message includes the header, which needs this much. */
const headerBytesMax = 1_024;

export async function openNatsJournal(options: NatsJournalOptions): Promise<NatsJournal> {
  const { connection, streams, log, maxCommitBytes = 512 * 1024 } = options;
  checkPayloadLimit(connection, maxCommitBytes);
  const jsm = await manageJetStream(connection);
  const { storeId, streamNames } = await openJournalStreams(jsm, options, log);
  const usage = await watchUsage(jsm, streamNames, log);
  const writer = createCompareAndSet({
    connection,
    what: "the journal",
    timeoutMs: options.appendMsMax,
    maxBytes: maxCommitBytes,
  });
  const streamOf = (shard: number): string => streamNames[shard % streams] ?? "";
  let failure: string | undefined;

  return {
    storeId,
    streamNames,
    failure: () => failure,
    usage: () => usage.usage(),
    isCrowded: (shard) => usage.isCrowded(shard % streams),

    async append(shard, expectedSequence, commit): Promise<AppendOutcome> {
      try {
        const outcome = await writer.put(subjectOf(shard), expectedSequence, commit);
        failure = undefined;
        if (outcome.kind === "appended") usage.count(shard % streams, commit.length);
        return outcome;
      } catch (cause) {
        if (cause instanceof NatsError && cause.kind === "full") usage.noteFull(shard % streams);
        failure = cause instanceof Error ? cause.message : String(cause);
        throw cause;
      }
    },
    read: (shard, from, max, knownLast) =>
      readLog(connection, streamOf(shard), subjectOf(shard), { from, max, knownLast }),
    last: (shard) => readLast(connection, streamOf(shard), subjectOf(shard)),
    async lastSequences() {
      const newest = await Promise.all(streamNames.map((name) => readNewest(connection, name)));
      return new Map(newest.flatMap((map) => [...map]).map(([subject, sequence]) => [shardOf(subject), sequence]));
    },
    async trim(shard, upTo) {
      const last = await readLast(connection, streamOf(shard), subjectOf(shard));
      if (!last) return;
      // A purge removes the commits below `seq`. The newest one stays, also when a deposed leader answered an older one.
      await jsm.streams.purge(streamOf(shard), { filter: subjectOf(shard), seq: Math.min(upTo + 1, last.sequence) });
    },
    close() {
      usage.stop();
      writer.close();
    },
  };
}

function shardOf(subject: string): number {
  return Number(subject.slice(subject.indexOf(".") + 1));
}

function checkPayloadLimit({ client }: NatsConnection, maxCommitBytes: number): void {
  const limit = client.info?.max_payload ?? 0;
  if (limit >= maxCommitBytes + headerBytesMax) return;
  throw new NatsError(
    "refused",
    `the NATS server accepts messages of ${limit} bytes, the journal needs ${maxCommitBytes + headerBytesMax}`,
  );
}
