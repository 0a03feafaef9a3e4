// Gathers writes into transactions. A message costs 28 µs in groups of 100, 16 in groups of 1 000, 12 in groups of 3 000,
// because a larger transaction writes a page that many messages touch only once. So under load a write waits for others, and
// writing takes a bounded share of a core.
import type { Mark, Row } from "../../actors/runtime/ports.ts";
import type { Deferred } from "./worker-port.ts";

interface WaitingWrite {
  readonly rows: Row[];
  readonly marks: Mark[];
  readonly answer: Deferred<undefined>;
}
interface WriteQueueOptions {
  readonly gatherRows: number;
  readonly maxHoldMs: number;
  /** Runs one transaction; throws when nothing of it was written. */
  write(rows: Row[], marks: Mark[]): void;
  /** Called after the answers were sent. */
  checkpoint(): void;
}

/** After a transaction of 20 ms the next one waits 60 ms. */
const holdPerBusy = 3;
/**
 * After a short transaction the next one waits this long. When 1 000 devices connect per second, a transaction then takes 40
 * rows and not 10, which saves this thread 14 of 38 µs per row. A write after a pause does not wait.
 */
const holdMsMin = 30;

export class WriteQueue {
  #options: WriteQueueOptions;
  #waiting: WaitingWrite[] = [];
  #waitingRows = 0;
  #notBeforeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  #checkpointError: unknown;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  add(write: WaitingWrite): void {
    this.#waiting.push(write);
    this.#waitingRows += write.rows.length;
    if (this.#isDue) return;
    const waitMs = this.#waitingRows >= this.#options.gatherRows ? 0 : this.#notBeforeMs - performance.now();
    if (waitMs > 0) {
      this.#timer ??= setTimeout(() => this.writeAll(), waitMs);
      return;
    }
    this.#isDue = true;
    setImmediate(() => this.writeAll()); // includes further writes that have arrived
  }

  writeAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#waitingRows = 0;
    const startMs = performance.now();
    this.#write(batch);
    const endMs = performance.now();
    const holdMs = Math.max(holdMsMin, holdPerBusy * (endMs - startMs));
    this.#notBeforeMs = endMs + Math.min(this.#options.maxHoldMs, holdMs);
    setImmediate(() => this.#checkpoint());
  }

  #write(batch: readonly WaitingWrite[]): void {
    try {
      this.#throwCheckpointError();
      this.#options.write(
        batch.flatMap(({ rows }) => rows),
        batch.flatMap(({ marks }) => marks),
      );
    } catch (error) {
      // A write that fails must not fail the others of its transaction.
      if (batch.length > 1) for (const one of batch) this.#write([one]);
      else batch[0]!.answer.reject(error);
      return;
    }
    for (const { answer } of batch) answer.resolve(undefined);
  }

  #checkpoint(): void {
    try {
      this.#options.checkpoint();
    } catch (error) {
      this.#checkpointError = error; // rejects the next write; the checkpoint is tried again after it
    }
  }

  #throwCheckpointError(): void {
    const error = this.#checkpointError;
    this.#checkpointError = undefined;
    if (error !== undefined) throw error;
  }
}
