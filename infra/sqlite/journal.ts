// The journal of the embedded default: SQLite in a worker thread, every commit fsynced.
// Group commit across shards: what arrives while a transaction runs makes up the next one.
import type { AppendOutcome, Journal } from "../../actors/runtime/ports.ts";
import { StorageError } from "../views/storage-error.ts";
import type { JournalUsage } from "./journal-log.ts";
import { decodeCommits, encodeAppends, type PendingAppend } from "./journal-wire.ts";
import type { JournalOperations, JournalWorkerData } from "./journal-worker.ts";
import { openWorker } from "./worker-link.ts";

export interface SqliteJournalOptions {
  readonly path: string;
  /** The storage thread ended by itself: everything is refused from here on. */
  readonly onDeath?: (error: StorageError) => void;
  /** One transaction takes at most this much; the rest waits for the next. Default 4 MiB. */
  readonly maxBatchBytes?: number;
  /** A larger commit is refused as too_large. Default 1 MiB. */
  readonly maxCommitBytes?: number;
  /** Appends waiting for a transaction; more are refused as overloaded, and are not in. Default 128 MiB. */
  readonly maxWaitingBytes?: number;
  /**
   * Under load a transaction waits this long for company: waking the thread and syncing the disk cost the same for one
   * commit as for fifty. A commit that follows a pause, or others that came alone, goes at once. Default 2.
   */
  readonly gatherMs?: number;
  /** The file grows no further; appends then fail until a trim makes room. Default 64 GiB. */
  readonly maxFileBytes?: number;
}

export type SqliteJournal = Journal & {
  /** Random, created with the file. */
  readonly storeId: string;
  /** What "appended" means here, for /ready. */
  readonly durability: string;
  /** Why the newest transaction failed (the disk is full, for one); undefined once one went in. For /ready. */
  failure(): string | undefined;
  /** How full the file is. */
  usage(): Promise<JournalUsage>;
  close(): Promise<void>;
};

/** So many commits in one transaction say that others will follow. */
const companyMin = 4;

interface Waiting extends PendingAppend {
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

export async function openSqliteJournal(options: SqliteJournalOptions): Promise<SqliteJournal> {
  const {
    maxBatchBytes = 4 * 1024 * 1024,
    maxCommitBytes = 1024 * 1024,
    maxWaitingBytes = 128 * 1024 * 1024,
    maxFileBytes = 64 * 1024 ** 3,
    gatherMs = 2,
  } = options;
  const link = await openWorker<JournalOperations>(new URL("./journal-worker.ts", import.meta.url), {
    name: "journal",
    onDeath: options.onDeath,
    data: { path: options.path, maxFileBytes } satisfies JournalWorkerData,
  });
  const { storeId } = await link.call("open", undefined);

  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let isBusy = false;
  let lastEndMs = 0;
  let lastCount = 0;
  let failure: string | undefined;
  const isUnderLoad = (): boolean => lastCount >= companyMin && performance.now() - lastEndMs < gatherMs;

  const commitNext = (): void => {
    const { batch, bytes } = takeBatch();
    isBusy = batch.length > 0;
    if (!isBusy) return;
    lastCount = batch.length;
    const buffer = encodeAppends(batch, bytes);
    link.call("append", buffer, buffer).then(
      (outcomes) => {
        commitSoon(); // first: the worker should not idle while the outcomes are handled
        failure = undefined;
        for (const [index, append] of batch.entries()) append.resolve(outcomeOf(outcomes[index]!));
      },
      (error: Error) => {
        failure = error.message;
        for (const append of batch) append.reject(error);
        commitSoon();
      },
    );
    link.flush();
  };

  const commitSoon = (): void => {
    lastEndMs = performance.now();
    if (waiting.length > 0 && waitingBytes < maxBatchBytes && isUnderLoad()) setTimeout(commitNext, gatherMs);
    else commitNext();
  };

  const takeBatch = (): { batch: Waiting[]; bytes: number } => {
    let bytes = 0;
    let count = 0;
    for (const { commit } of waiting) {
      if (count > 0 && bytes + commit.length > maxBatchBytes) break;
      bytes += commit.length;
      count++;
    }
    const batch = waiting.splice(0, count);
    waitingBytes -= bytes;
    return { batch, bytes };
  };

  const append = (shard: number, expectedSequence: number, commit: Uint8Array): Promise<AppendOutcome> => {
    if (commit.length > maxCommitBytes) {
      return Promise.reject(new StorageError("too_large", `a commit has ${commit.length} of ${maxCommitBytes} bytes`));
    }
    if (waitingBytes + commit.length > maxWaitingBytes) {
      return Promise.reject(new StorageError("overloaded", `${waitingBytes} bytes wait for the journal`));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ shard, expectedSequence, commit, resolve, reject });
      waitingBytes += commit.length;
      if (isBusy) return;
      isBusy = true;
      if (isUnderLoad()) setTimeout(commitNext, gatherMs);
      else setImmediate(commitNext); // gathers what this tick decides
    });
  };

  return {
    storeId,
    durability: "fsync: every commit is on disk before it is acknowledged (SQLite WAL, synchronous=FULL)",
    failure: () => failure,
    usage: () => link.call("usage", undefined),
    append,
    read: async (shard, fromSequence, maxCommits) =>
      decodeCommits(await link.call("read", { shard, fromSequence, maxCommits })),
    last: async (shard) => decodeCommits(await link.call("last", shard))[0],
    async lastSequences() {
      const lasts = await link.call("lastSequences", undefined);
      return new Map([...lasts.entries()].filter(([, sequence]) => sequence > 0));
    },
    trim: async (shard, upTo) => link.call("trim", { shard, upTo }),
    async close() {
      await link.close();
    },
  };
}

function outcomeOf(word: number): AppendOutcome {
  return word > 0 ? { kind: "appended", sequence: word } : { kind: "conflict", lastSequence: -1 - word };
}
