// The worker's end: answers requests in order, gathers the answers of a task into one message.
import { parentPort } from "node:worker_threads";
import { describeError } from "./errors.ts";
import type { Answer, Operations, Request } from "./worker-link.ts";

/** Either answers at once or, by `defer`, later. */
type Handlers<Ops extends Operations> = {
  [Op in keyof Ops]: (input: Ops[Op]["input"], defer: () => Deferred<Ops[Op]["output"]>) => Ops[Op]["output"] | Later;
} & { close: (input: undefined) => void };

export interface Deferred<Output> {
  readonly later: Later;
  resolve(value: Output): void;
  reject(error: unknown): void;
}
const later: unique symbol = Symbol("later");
type Later = typeof later;

/** Opens with `open` (whose failure is what the main thread gets), then serves until the worker is ended. */
export function serveWorker<Ops extends Operations>(path: string, open: () => Handlers<Ops>): void {
  if (!parentPort) throw new Error("runs in a worker thread only");
  const port = parentPort;
  let answers: Answer[] = [];
  let moves: ArrayBuffer[] = [];

  const flush = (): void => {
    const batch = answers;
    answers = [];
    const transfer = moves;
    moves = [];
    port.postMessage(batch, transfer);
  };
  const answer = (one: Answer): void => {
    if (answers.length === 0) queueMicrotask(flush);
    answers.push(one);
    // Whole buffers are handed over instead of copied.
    if ("value" in one && one.value instanceof Float64Array) moves.push(one.value.buffer as ArrayBuffer);
  };
  const fail = (id: number, error: unknown): void => answer({ id, error: describeError(error, path) });

  let handlers: Handlers<Ops>;
  try {
    handlers = open();
  } catch (error) {
    fail(0, error);
    return;
  }
  answer({ id: 0, value: undefined });
  port.on("message", (requests: Request[]) => {
    for (const { id, op, input } of requests) {
      try {
        const value = handlers[op]!(input, () => ({
          later,
          resolve: (result) => answer({ id, value: result }),
          reject: (error) => fail(id, error),
        }));
        if (value !== later) answer({ id, value });
      } catch (error) {
        fail(id, error);
      }
    }
  });
}
