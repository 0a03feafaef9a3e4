// Calls for shards that this host is about to own. They wait here, so that their callers need not ask again and again.
// waiting-calls/once: each is answered once: by its actor when the shard is here; with not_owner when the shard stays another
//     host's, is not here after `waitMsMax`, or the limits below are reached.
import { type Answer, notOwner } from "../calls/replies.ts";
import { type Invocation, sizeOf } from "../invocation.ts";
import type { Clock } from "../ports.ts";

interface WaitingCall {
  readonly invocation: Invocation;
  readonly answer: Answer;
}
interface Line {
  readonly sinceMs: number;
  readonly calls: WaitingCall[];
  readonly cancel: () => void;
}

/** Below `tryTimeoutMs`: the caller has not turned to another host yet. */
const waitMsMax = 500;
const maxWaitingCalls = 4_096;
const maxWaitingBytes = 16 * 1024 * 1024;

export class WaitingCalls {
  #clock: Clock;
  /** By shard. */
  #lines = new Map<number, Line>();
  #count = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False: a limit is reached, and the call does not wait. */
  add(shard: number, invocation: Invocation, answer: Answer): boolean {
    const bytes = sizeOf(invocation);
    if (this.#count >= maxWaitingCalls || this.#bytes + bytes > maxWaitingBytes) return false;
    let line = this.#lines.get(shard);
    if (!line) {
      const cancel = this.#clock.after(waitMsMax, () => this.refuse(shard));
      line = { sinceMs: this.#clock.monotonicMs(), calls: [], cancel };
      this.#lines.set(shard, line);
    }
    line.calls.push({ invocation, answer });
    this.#count += 1;
    this.#bytes += bytes;
    return true;
  }

  /** How long the first call for this shard has waited; undefined: none waits. */
  waitedMs(shard: number): number | undefined {
    const line = this.#lines.get(shard);
    return line && this.#clock.monotonicMs() - line.sinceMs;
  }

  /** Takes out the calls for this shard, oldest first: the shard is here. */
  release(shard: number): readonly WaitingCall[] {
    const line = this.#lines.get(shard);
    if (!line) return [];
    this.#lines.delete(shard);
    line.cancel();
    this.#count -= line.calls.length;
    for (const { invocation } of line.calls) this.#bytes -= sizeOf(invocation);
    return line.calls;
  }

  refuse(shard: number): void {
    for (const { invocation, answer } of this.release(shard)) answer(notOwner(invocation.to));
  }

  refuseAll(): void {
    for (const shard of [...this.#lines.keys()]) this.refuse(shard);
  }
}
