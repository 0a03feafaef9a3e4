// The worker thread that owns journal.db, so that an fsync does not block the event loop of the server.
import { workerData } from "node:worker_threads";
import { JournalLog, type JournalUsage } from "./journal-log.ts";
import { decodeAppends, encodeCommits } from "./journal-wire.ts";
import { serveWorker } from "./worker-port.ts";

export interface JournalWorkerData {
  readonly path: string;
  readonly maxFileBytes: number;
}
/** `append` and the reads use the buffers of journal-wire.ts; the other operations are rare and use plain data. */
export type JournalOperations = {
  open: { input: undefined; output: JournalLog["store"] };
  append: { input: ArrayBuffer; output: Float64Array };
  read: { input: { shard: number; fromSequence: number; maxCommits: number }; output: Float64Array };
  last: { input: number; output: Float64Array };
  lastSequences: { input: undefined; output: number[] };
  usage: { input: undefined; output: JournalUsage };
  trim: { input: { shard: number; upTo: number }; output: undefined };
};

const { path, maxFileBytes } = workerData as JournalWorkerData;

serveWorker<JournalOperations>(path, () => {
  const log = new JournalLog(path, maxFileBytes);
  return {
    open: () => log.store,
    append(input) {
      const outcomes = log.append(decodeAppends(input));
      setImmediate(() => log.checkpoint()); // after the answer was sent
      return outcomes;
    },
    read: ({ shard, fromSequence, maxCommits }) => encodeCommits(log.read(shard, fromSequence, maxCommits)),
    last: (shard) => encodeCommits(log.read(shard, log.lastSequences[shard] ?? 0, 1)),
    lastSequences: () => [...log.lastSequences],
    usage: () => log.usage(),
    trim({ shard, upTo }, defer) {
      const answer = defer();
      const steps = log.trim(shard, upTo);
      const step = (): void => {
        try {
          if (steps.next().done) answer.resolve(undefined);
          else setImmediate(step);
        } catch (error) {
          answer.reject(error);
        }
      };
      step();
      return answer.later;
    },
    close: () => log.close(),
  };
});
