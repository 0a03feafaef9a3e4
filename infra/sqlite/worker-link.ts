// The main thread's end of a storage worker: typed calls, gathered per tick into one message.
// W1: every call is settled exactly once, also when the worker dies. W2: calls reach the worker in the order made.
import { Worker } from "node:worker_threads";
import { StorageError } from "../views/storage-error.ts";
import { type PlainError, restoreError } from "./errors.ts";

export type Operations = { [op: string]: { input: unknown; output: unknown } };

export interface WorkerLink<Ops extends Operations> {
  /** Sent with the other calls of this tick, unless `flush` sends it sooner. */
  call<Op extends keyof Ops & string>(op: Op, input: Ops[Op]["input"], move?: ArrayBuffer): Promise<Ops[Op]["output"]>;
  flush(): void;
  /** Settles what is under way, then ends the worker. */
  close(): Promise<void>;
}

export interface Request {
  readonly id: number;
  readonly op: string;
  readonly input: unknown;
}
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PlainError };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Resolves when the worker has opened its file; rejects with its StorageError when it could not. */
export async function openWorker<Ops extends Operations>(
  script: URL,
  options: {
    name: string;
    data: unknown;
    /**
     * For a worker that answers each batch in one message: the next batch waits for the answers of the one before. It would
     * wait at the worker anyway, and a message costs both threads more (20 to 40 µs) than a short read (5 µs).
     */
    hasOneBatch?: true;
    onDeath?: (error: StorageError) => void;
  },
): Promise<WorkerLink<Ops>> {
  // No environment and no arguments: the worker needs none of the process's secrets.
  const worker = new Worker(script, { name: options.name, workerData: options.data, env: {}, argv: [] });
  const waiting = new Map<number, Waiting>();
  let outgoing: Request[] = [];
  let moves: ArrayBuffer[] = [];
  let isScheduled = false;
  let nextId = 1;
  let underWay = 0;
  let closed: StorageError | undefined;
  let isOpen = false;

  const end = (error: StorageError): void => {
    const isNews = closed === undefined && isOpen;
    closed ??= error;
    if (isNews) options.onDeath?.(closed);
    for (const call of waiting.values()) call.reject(closed); // W1
    waiting.clear();
    outgoing = [];
  };
  const flush = (): void => {
    isScheduled = false;
    if (outgoing.length === 0 || (options.hasOneBatch && underWay > 0)) return;
    const requests = outgoing;
    outgoing = [];
    const transfer = moves;
    moves = [];
    underWay += requests.length;
    worker.postMessage(requests, transfer);
  };
  const schedule = (): void => {
    if (isScheduled || (options.hasOneBatch && underWay > 0)) return;
    isScheduled = true;
    setImmediate(flush);
  };
  const post = (op: string, input: unknown, move: ArrayBuffer | undefined, call: Waiting): void => {
    if (closed) {
      call.reject(closed);
      return;
    }
    const id = nextId++;
    waiting.set(id, call);
    outgoing.push({ id, op, input });
    if (move) moves.push(move);
    schedule();
  };

  worker.on("message", (answers: Answer[]) => {
    for (const answer of answers) {
      const call = waiting.get(answer.id);
      if (!call) continue;
      waiting.delete(answer.id);
      if (answer.id > 0) underWay -= 1;
      if ("error" in answer) call.reject(restoreError(answer.error));
      else call.resolve(answer.value);
    }
    if (outgoing.length > 0) schedule();
  });
  worker.on("error", (cause) => end(new StorageError("closed", `the ${options.name} worker died`, { cause })));
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", () => {
      end(new StorageError("closed", `the ${options.name} worker is closed`));
      resolve();
    });
  });

  // The answer to call 0 says whether the file is open.
  await new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject })).catch(async (error) => {
    await worker.terminate();
    throw error;
  });
  isOpen = true;
  return {
    call: (op, input, move) => new Promise((resolve, reject) => post(op, input, move, { resolve, reject })),
    flush,
    async close() {
      if (!closed) {
        await new Promise<unknown>((resolve, reject) => {
          post("close", undefined, undefined, { resolve, reject });
          closed = new StorageError("closed", `the ${options.name} worker is closed`);
        });
        await worker.terminate();
      }
      await exited;
    },
  };
}
