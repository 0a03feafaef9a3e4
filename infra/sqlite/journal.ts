// The journal of one process: SQLite in a worker thread, every commit fsynced.
import type { Journal } from "../../actors/runtime/ports.ts";
import type { StorageError } from "../views/storage-error.ts";
import { AppendQueue, type AppendQueueLimits } from "./append-queue.ts";
import type { JournalUsage } from "./journal-log.ts";
import { decodeCommits } from "./journal-wire.ts";
import type { JournalOperations, JournalWorkerData } from "./journal-worker.ts";
import { openWorker } from "./worker-link.ts";

export interface SqliteJournalOptions extends Partial<AppendQueueLimits> {
  readonly path: string;
  /** The storage thread ended by itself: everything is refused from here on. */
  readonly onDeath?: (error: StorageError) => void;
  /** The file grows no further; appends then fail until a trim makes room. Default 64 GiB. */
  readonly maxFileBytes?: number;
}

const defaultLimits: AppendQueueLimits = {
  maxBatchBytes: 4 * 1024 * 1024,
  maxCommitBytes: 1024 * 1024,
  maxWaitingBytes: 128 * 1024 * 1024,
  gatherMs: 2,
};

type SqliteJournal = Journal & {
  /** Random, created with the file, and anew when the file was restored from a copy. */
  readonly storeId: string;
  readonly formerStoreIds: readonly string[];
  /** Found at this opening. */
  readonly isRestored: boolean;
  /** What "appended" means here, for /ready. */
  readonly durability: string;
  /** Why the newest transaction failed (the disk is full, for one); undefined once one went in. For /ready. */
  failure(): string | undefined;
  /** How full the file is. */
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
