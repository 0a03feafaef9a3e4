// The main thread's side of the link to a storage worker. The calls of one tick are sent as one message, in the order in
// which they were made. Every call is settled exactly once, also when the worker dies.
import { Worker } from "node:worker_threads";
import { StorageError } from "../views/storage-error.ts";
import { type PlainError, restoreError } from "./errors.ts";

export type Operations = { [op: string]: { input: unknown; output: unknown } };

export interface WorkerLink<Ops extends Operations> {
  /** The call is sent with the other calls of this tick, or by `flush`. The buffer `move` is transferred instead of copied. */
  call<Op extends keyof Ops & string>(op: Op, input: Ops[Op]["input"], move?: ArrayBuffer): Promise<Ops[Op]["output"]>;
  flush(): void;
  /** Settles the calls under way, then ends the worker. */
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

interface WorkerOptions {
  readonly name: string;
  readonly data: unknown;
  /**
   * For a worker that answers each batch in one message: the next batch is sent after the answers of the one before. It
   * would wait in the worker anyway, and a message costs both threads more (20 to 40 µs) than a short read (5 µs).
   */
  readonly hasOneBatch?: true;
  /** Called once when the worker ends by itself. */
  readonly onDeath?: (error: StorageError) => void;
}

/** Resolves when the worker has opened its file; rejects with its StorageError when it could not. */
export async function openWorker<Ops extends Operations>(
  script: URL,
  options: WorkerOptions,
): Promise<WorkerLink<Ops>> {
  // No environment and no arguments, because the worker needs none of the process's secrets.
  const worker = new Worker(script, { name: options.name, workerData: options.data, env: {}, argv: [] });
  const calls = new Calls(worker, options);
  worker.on("error", (cause) => calls.end(new StorageError("closed", `the ${options.name} worker died`, { cause })));
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", () => {
      calls.end(new StorageError("closed", `the ${options.name} worker is closed`));
      resolve();
    });
  });
  try {
    await calls.opened();
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    call: (op, input, move) => calls.call(op, input, move),
    flush: () => calls.flush(),
    async close() {
      if (await calls.close()) await worker.terminate();
      await exited;
    },
  };
}

/** The calls of one worker. */
class Calls {
  readonly #worker: Worker;
  readonly #options: WorkerOptions;
  readonly #waiting = new Map<number, Waiting>();
  #outgoing: Request[] = [];
  #moves: ArrayBuffer[] = [];
  #isScheduled = false;
  #nextId = 1;
  #underWay = 0;
  #isOpen = false;
  #closed: StorageError | undefined;

  constructor(worker: Worker, options: WorkerOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.on("message", (answers: Answer[]) => this.#settle(answers));
  }

  /** The worker opens its file and then answers call 0, which is not sent. */
  async opened(): Promise<void> {
    await new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    this.#isOpen = true;
  }

  call<Output>(op: string, input: unknown, move?: ArrayBuffer): Promise<Output> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(this.#closed);
        return;
      }
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#outgoing.push({ id, op, input });
      if (move) this.#moves.push(move);
      this.#schedule();
    });
  }

  flush(): void {
    this.#isScheduled = false;
    if (this.#outgoing.length === 0 || this.#mustWait()) return;
    const requests = this.#outgoing;
    this.#outgoing = [];
    const moves = this.#moves;
    this.#moves = [];
    this.#underWay += requests.length;
    this.#worker.postMessage(requests, moves);
  }

  /** Resolves after the worker has closed its file; false when the link was closed before. */
  async close(): Promise<boolean> {
    if (this.#closed) return false;
    const closing = this.call("close", undefined);
    this.#closed = new StorageError("closed", `the ${this.#options.name} worker is closed`);
    await closing;
    return true;
  }

  /** Rejects all calls. */
  end(error: StorageError): void {
    const isDeath = this.#closed === undefined && this.#isOpen;
    this.#closed ??= error;
    if (isDeath) this.#options.onDeath?.(this.#closed);
    for (const call of this.#waiting.values()) call.reject(this.#closed);
    this.#waiting.clear();
    this.#outgoing = [];
  }

  #schedule(): void {
    if (this.#isScheduled || this.#mustWait()) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  #mustWait(): boolean {
    return this.#options.hasOneBatch === true && this.#underWay > 0;
  }

  #settle(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const call = this.#waiting.get(answer.id);
      if (!call) continue;
      this.#waiting.delete(answer.id);
      if (answer.id > 0) this.#underWay -= 1;
      if ("error" in answer) call.reject(restoreError(answer.error));
      else call.resolve(answer.value);
    }
    if (this.#outgoing.length > 0) this.#schedule();
  }
}
