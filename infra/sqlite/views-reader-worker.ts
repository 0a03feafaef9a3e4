// The worker thread that reads views.db on a connection of its own, so that no read waits for a long transaction.
import { DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";
import { createViewsReader, type ViewsReader } from "./views-reader.ts";
import { serveWorker } from "./worker-port.ts";

export type ViewsReaderOperations = {
  [Op in keyof ViewsReader]: { input: Parameters<ViewsReader[Op]>[0]; output: ReturnType<ViewsReader[Op]> };
};

const cacheKib = 32 * 1024;
const { path } = workerData as { path: string };

serveWorker<ViewsReaderOperations>(path, () => {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 500 });
  db.exec(`PRAGMA cache_size = -${cacheKib}`);
  return { ...createViewsReader(db), close: () => db.close() };
});
