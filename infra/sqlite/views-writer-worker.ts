// The worker thread that writes views.db. It is the only writer, because SQLite allows one writer per file.
import { workerData } from "node:worker_threads";
import type { Mark } from "../../actors/runtime/ports.ts";
import { openDatabase } from "./database.ts";
import { decodeMarks, decodeRows, type Flat } from "./row-codec.ts";
import { viewsFormat, viewsSchema } from "./views-schema.ts";
import { ViewsWriter } from "./views-writer.ts";
import { serveWorker } from "./worker-port.ts";
import { WriteQueue } from "./write-queue.ts";

export interface ViewsWriterData {
  readonly path: string;
  readonly storeId: string;
  readonly formerStoreIds: readonly string[];
  /** So many waiting rows are written at once. */
  readonly gatherRows: number;
  readonly maxHoldMs: number;
}
export type ViewsWriterOperations = {
  write: { input: { rows: Flat; marks: Flat }; output: undefined };
  durableMarks: { input: undefined; output: Mark[] };
};

const pageBytes = 8_192;
const cacheKib = 32 * 1024;
/**
 * A checkpoint begins at 32 MiB of pages, so that a page which many writes touch is copied once. It keeps this thread busy
 * for about 60 ms.
 */
const checkpointPages = 4_000;

const { path, storeId, formerStoreIds, gatherRows, maxHoldMs } = workerData as ViewsWriterData;

serveWorker<ViewsWriterOperations>(path, () => {
  const pragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -${cacheKib}`;
  const schema = { schema: viewsSchema, format: viewsFormat };
  const { db } = openDatabase({ path, storeId, formerStoreIds, pageBytes, pragmas, ...schema });
  const writer = new ViewsWriter(db);
  const frames = db.prepare("PRAGMA wal_checkpoint(NOOP)");
  const marks = db.prepare('SELECT shard, sequence, commit_id AS "commitId" FROM marks');

  const checkpoint = (): void => {
    if (!db.isOpen) return;
    const { log, checkpointed } = frames.get() as { log: number; checkpointed: number };
    if (log - checkpointed >= checkpointPages) db.exec("PRAGMA wal_checkpoint(PASSIVE)");
  };
  const queue = new WriteQueue({ gatherRows, maxHoldMs, write: (rows, all) => writer.apply(rows, all), checkpoint });

  return {
    write({ rows, marks }, defer) {
      const answer = defer();
      queue.add({ rows: decodeRows(rows), marks: decodeMarks(marks), answer });
      return answer.later;
    },
    durableMarks() {
      // A commit with synchronous=FULL syncs the write-ahead log, including everything written before.
      db.exec("PRAGMA synchronous = FULL");
      db.exec("INSERT INTO meta VALUES ('synced', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1");
      db.exec("PRAGMA synchronous = NORMAL");
      return marks.all() as unknown as Mark[];
    },
    close() {
      queue.writeAll();
      db.close();
    },
  };
});
