// The worker's side of the link between the main thread and a storage worker: handles requests in order, and sends the
// answers of one task as one message.
import { parentPort } from "node:worker_threads";
import { describeError } from "./errors.ts";
import type { Answer, Operations, Request } from "./worker-link.ts";

/** A handler returns its answer, or `later` of a deferred answer that it resolves afterwards. */
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

/** Calls `open`, reports its success or its error to the main thread, and then serves requests until the worker is ended. */
export function serveWorker<Ops extends Operations>(path: string, open: () => Handlers<Ops>): void {
  if (!parentPort) throw new Error("this script runs in a worker thread only");
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
    // Buffers are transferred instead of copied.
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
