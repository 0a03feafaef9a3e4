// Gathers the appends of all shards for the journal's worker: the appends that arrive while one transaction runs form the
// next one.
import type { AppendOutcome } from "../../actors/runtime/ports.ts";
import { StorageError } from "../views/storage-error.ts";
import { encodeAppends, type PendingAppend } from "./journal-wire.ts";
import type { JournalOperations } from "./journal-worker.ts";
import type { WorkerLink } from "./worker-link.ts";

export interface AppendQueueLimits {
  /** Bytes of one transaction; further appends wait for the next one. */
  readonly maxBatchBytes: number;
  /** A larger commit is refused as `too_large`. */
  readonly maxCommitBytes: number;
  /** Bytes of the appends that wait for a transaction; further ones are refused as `overloaded` and not stored. */
  readonly maxWaitingBytes: number;
  /**
   * Under load a transaction waits this long for more commits, because waking the thread and syncing the disk cost the same
   * for one commit as for fifty. A commit after a pause, or after a transaction of few commits, does not wait.
   */
  readonly gatherMs: number;
}

interface Waiting extends PendingAppend {
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

/** A transaction of at least this many commits predicts that more will follow. */
const loadCommitsMin = 4;

export class AppendQueue {
  readonly #link: WorkerLink<JournalOperations>;
  readonly #limits: AppendQueueLimits;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isBusy = false;
  #lastEndMs = 0;
  #lastCommits = 0;
  #failure: string | undefined;

  constructor(link: WorkerLink<JournalOperations>, limits: AppendQueueLimits) {
    this.#link = link;
    this.#limits = limits;
  }

  /** Why the newest transaction failed; undefined after a success. */
  get failure(): string | undefined {
    return this.#failure;
  }

  append(shard: number, expectedSequence: number, commit: Uint8Array): Promise<AppendOutcome> {
    const { maxCommitBytes, maxWaitingBytes, gatherMs } = this.#limits;
    if (commit.length > maxCommitBytes) {
      return Promise.reject(new StorageError("too_large", `a commit has ${commit.length} of ${maxCommitBytes} bytes`));
    }
    if (this.#waitingBytes + commit.length > maxWaitingBytes) {
      return Promise.reject(new StorageError("overloaded", `${this.#waitingBytes} bytes wait for the journal`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ shard, expectedSequence, commit, resolve, reject });
      this.#waitingBytes += commit.length;
      if (this.#isBusy) return;
      this.#isBusy = true;
      if (this.#isUnderLoad()) setTimeout(() => this.#commitNext(), gatherMs);
      else setImmediate(() => this.#commitNext()); // includes further appends of this tick
    });
  }

  #isUnderLoad(): boolean {
    return this.#lastCommits >= loadCommitsMin && performance.now() - this.#lastEndMs < this.#limits.gatherMs;
  }

  #commitNext(): void {
    const { batch, bytes } = this.#takeBatch();
    this.#isBusy = batch.length > 0;
    if (!this.#isBusy) return;
    this.#lastCommits = batch.length;
    const buffer = encodeAppends(batch, bytes);
    this.#link.call("append", buffer, buffer).then(
      (outcomes) => {
        this.#commitSoon(); // before the outcomes are handled, so that the worker does not idle
        this.#failure = undefined;
        for (const [index, append] of batch.entries()) append.resolve(outcomeOf(outcomes[index]!));
      },
      (error: Error) => {
        this.#failure = error.message;
        for (const append of batch) append.reject(error);
        this.#commitSoon();
      },
    );
    this.#link.flush();
  }

  #commitSoon(): void {
    const { maxBatchBytes, gatherMs } = this.#limits;
    this.#lastEndMs = performance.now();
    const mayGrow = this.#waiting.length > 0 && this.#waitingBytes < maxBatchBytes;
    if (mayGrow && this.#isUnderLoad()) setTimeout(() => this.#commitNext(), gatherMs);
    else this.#commitNext();
  }

  #takeBatch(): { batch: Waiting[]; bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const { commit } of this.#waiting) {
      if (count > 0 && bytes + commit.length > this.#limits.maxBatchBytes) break;
      bytes += commit.length;
      count += 1;
    }
    const batch = this.#waiting.splice(0, count);
    this.#waitingBytes -= bytes;
    return { batch, bytes };
  }
}

function outcomeOf(word: number): AppendOutcome {
  return word > 0 ? { kind: "appended", sequence: word } : { kind: "conflict", lastSequence: -1 - word };
}
