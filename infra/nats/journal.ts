// The journal of a cluster: one log per shard, as a subject of one of a few JetStream streams (J1–J4).
// J1: see journal-streams.ts, journal-usage.ts. J2, J4: compare-and-set.ts. J3: journal-reads.ts.
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
  /** P: chosen when the journal is made. */
  readonly streams: number;
  /** 3 in production. */
  readonly replicas: number;
  readonly maxBytesPerStream: number;
  readonly log: Log;
  /** Default 2 000: then the outcome of an append counts as unknown. */
  readonly appendMsMax?: number;
  /** A larger commit is refused as too_large. Default 512 KiB. */
  readonly maxCommitBytes?: number;
}

export type NatsJournal = Journal & {
  /** Drawn once, when the journal is made; the same for all hosts. */
  readonly storeId: string;
  readonly streamNames: readonly string[];
  /** Why the newest append failed, if it was not decided; undefined once one was. For /ready. */
  failure(): string | undefined;
  /** Of the fullest stream. */
  usage(): Promise<StreamUsage>;
  /** The shard's stream is over 90 % full: only fences, `released` and carried records should still be written. */
  isCrowded(shard: number): boolean;
  /** Undecided appends reject. The connection stays: it is the caller's. */
  close(): void;
};

/** The server's limit must leave room for the header. */
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
      // A purge removes what is below `seq`: never the newest, also when the leader asked was deposed and knows less.
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
  throw new NatsError("refused", `the NATS server takes ${limit} bytes a message, the journal needs ${maxCommitBytes}`);
}
