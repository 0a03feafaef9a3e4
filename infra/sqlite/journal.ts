// The journal of one process: an SQLite file in a worker thread. Every commit is synced to disk before it is acknowledged.
import type { Journal } from "../../actors/runtime/ports.ts";
import type { StorageError } from "../views/storage-error.ts";
import { AppendQueue, type AppendQueueLimits } from "./append-queue.ts";
import type { JournalUsage } from "./journal-log.ts";
import { decodeCommits } from "./journal-wire.ts";
import type { JournalOperations, JournalWorkerData } from "./journal-worker.ts";
import { openWorker } from "./worker-link.ts";

export interface SqliteJournalOptions extends Partial<AppendQueueLimits> {
  readonly path: string;
  /** Called when the worker thread ends by itself; from then on every call is refused. */
  readonly onDeath?: (error: StorageError) => void;
  /** The largest size of the file. When it is reached, appends fail until a trim makes room. Default 64 GiB. */
  readonly maxFileBytes?: number;
}

const defaultLimits: AppendQueueLimits = {
  maxBatchBytes: 4 * 1024 * 1024,
  maxCommitBytes: 1024 * 1024,
  maxWaitingBytes: 128 * 1024 * 1024,
  gatherMs: 2,
};

type SqliteJournal = Journal & {
  /** Drawn at random when the file is created, and again when it was restored from a copy. */
  readonly storeId: string;
  readonly formerStoreIds: readonly string[];
  /** This opening found that the file was restored from a copy. */
  readonly isRestored: boolean;
  /** A sentence for /ready: what an acknowledged commit survives. */
  readonly durability: string;
  /** Why the newest transaction failed (for example: the disk is full); undefined after a success. For /ready. */
  failure(): string | undefined;
  usage(): Promise<JournalUsage>;
  close(): Promise<void>;
};

export async function openSqliteJournal(options: SqliteJournalOptions): Promise<SqliteJournal> {
  const { path, onDeath, maxFileBytes = 64 * 1024 ** 3, ...limits } = options;
  const link = await openWorker<JournalOperations>(new URL("./journal-worker.ts", import.meta.url), {
    name: "journal",
    onDeath,
    data: { path, maxFileBytes } satisfies JournalWorkerData,
  });
  const store = await link.call("open", undefined);
  const queue = new AppendQueue(link, { ...defaultLimits, ...limits });
  return {
    ...store,
    durability: "fsync: every commit is on disk before it is acknowledged (SQLite WAL, synchronous=FULL)",
    failure: () => queue.failure,
    usage: () => link.call("usage", undefined),
    append: (shard, expectedSequence, commit) => queue.append(shard, expectedSequence, commit),
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
