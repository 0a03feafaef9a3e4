// The thread that writes views.db: SQLite has one writer per file.
// Long transactions are cheap ones (per message 28 µs in groups of 100, 16 in groups of 1 000, 12 in groups of 3 000: pages
// of many conversations are dirtied once): under load a write waits for others, so that writing takes a bounded share of
// a core.
import { workerData } from "node:worker_threads";
import type { Mark, Row } from "../../actors/runtime/ports.ts";
import { openDatabase } from "./database.ts";
import { decodeMarks, decodeRows, type Flat } from "./row-codec.ts";
import { viewsFormat, viewsSchema } from "./views-schema.ts";
import { createViewsWriter } from "./views-writer.ts";
import { type Deferred, serveWorker } from "./worker-port.ts";

export interface ViewsWriterData {
  readonly path: string;
  readonly storeId: string;
  /** Rows that are written without waiting for more. */
  readonly gatherRows: number;
  readonly maxHoldMs: number;
}
export type ViewsWriterOperations = {
  write: { input: { rows: Flat; marks: Flat }; output: undefined };
  durableMarks: { input: undefined; output: Mark[] };
};

/** A transaction of 10 ms lets the next one wait for 30 ms. */
const holdPerBusy = 3;
/** 32 MiB: a page that many writes touch is copied once; the thread is busy with it for about 60 ms. */
const checkpointPages = 4_000;
const pageBytes = 8_192;
const cacheKib = 32 * 1024;

interface Waiting {
  readonly rows: Row[];
  readonly marks: Mark[];
  readonly answer: Deferred<undefined>;
}

const { path, storeId, gatherRows, maxHoldMs } = workerData as ViewsWriterData;

serveWorker<ViewsWriterOperations>(path, () => {
  const pragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${cacheKib}`;
  const { db } = openDatabase({ path, storeId, pageBytes, pragmas, schema: viewsSchema, format: viewsFormat });
  const writer = createViewsWriter(db);
  const frames = db.prepare("PRAGMA wal_checkpoint(NOOP)");
  let waiting: Waiting[] = [];
  let waitingRows = 0;
  let notBeforeMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;
  let checkpointError: unknown;

  const schedule = (): void => {
    if (isDue) return;
    const waitMs = waitingRows >= gatherRows ? 0 : notBeforeMs - performance.now();
    if (waitMs > 0) {
      timer ??= setTimeout(writeAll, waitMs);
      return;
    }
    isDue = true;
    setImmediate(writeAll); // takes along what else has arrived
  };
  const writeAll = (): void => {
    clearTimeout(timer);
    timer = undefined;
    isDue = false;
    const batch = waiting;
    if (batch.length === 0) return;
    waiting = [];
    waitingRows = 0;
    const startMs = performance.now();
    apply(batch);
    const endMs = performance.now();
    notBeforeMs = endMs + Math.min(maxHoldMs, holdPerBusy * (endMs - startMs));
    setImmediate(checkpoint); // the answers leave first
  };
  const apply = (batch: Waiting[]): void => {
    try {
      throwOnce();
      writer.apply(
        batch.flatMap(({ rows }) => rows),
        batch.flatMap(({ marks }) => marks),
      );
    } catch (error) {
      // One bad write must not fail its neighbours.
      if (batch.length > 1) for (const one of batch) apply([one]);
      else batch[0]!.answer.reject(error);
      return;
    }
    for (const { answer } of batch) answer.resolve(undefined);
  };
  const checkpoint = (): void => {
    if (!db.isOpen) return;
    const { log, checkpointed } = frames.get() as { log: number; checkpointed: number };
    if (log - checkpointed < checkpointPages) return;
    try {
      db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      checkpointError = error; // told to the next write, and tried again after it
    }
  };
  const throwOnce = (): void => {
    const error = checkpointError;
    checkpointError = undefined;
    if (error !== undefined) throw error;
  };

  return {
    write({ rows, marks }, defer) {
      const decoded = decodeRows(rows);
      const answer = defer();
      waiting.push({ rows: decoded, marks: decodeMarks(marks), answer });
      waitingRows += decoded.length;
      schedule();
      return answer.later;
    },
    durableMarks() {
      // A commit at FULL syncs the write-ahead log, and with it all that was written before.
      db.exec("PRAGMA synchronous = FULL");
      db.exec("INSERT INTO meta VALUES ('synced', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1");
      db.exec("PRAGMA synchronous = NORMAL");
      return db.prepare('SELECT shard, sequence, commit_id AS "commitId" FROM marks').all() as unknown as Mark[];
    },
    close() {
      writeAll();
      db.close();
    },
  };
});
