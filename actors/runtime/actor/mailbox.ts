// The calls that wait for an actor: bounded in number and in bytes (G10).
import type { Answer } from "../calls/replies.ts";
import { type Invocation, sizeOf } from "../invocation.ts";
import type { RuntimeLimits } from "../limits.ts";

export interface Waiting {
  readonly invocation: Invocation;
  readonly answer: Answer;
  /** An outbox entry that crashed its actor while it was folded: only its watermark is recorded. */
  readonly isPoison?: true;
}

export class Mailbox {
  #queue: Waiting[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  hasRoom({ invocation }: Waiting, { maxMailboxCommands, maxMailboxBytes }: RuntimeLimits): boolean {
    return this.#queue.length < maxMailboxCommands && this.#bytes + sizeOf(invocation) <= maxMailboxBytes;
  }

  push(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#bytes += sizeOf(waiting.invocation);
  }

  unshift(waiting: Waiting): void {
    this.#queue.unshift(waiting);
    this.#bytes += sizeOf(waiting.invocation);
  }

  shift(): Waiting | undefined {
    const waiting = this.#queue.shift();
    if (waiting) this.#bytes -= sizeOf(waiting.invocation);
    return waiting;
  }

  /** Is there a call whose deadline is not over? */
  isWaitedFor(nowMs: number): boolean {
    return this.#queue.some(({ invocation }) => invocation.deadlineMs >= nowMs);
  }

  /** Takes all calls out. */
  empty(): Waiting[] {
    this.#bytes = 0;
    return this.#queue.splice(0);
  }
}
