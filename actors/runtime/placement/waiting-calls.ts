// Calls for shards that are about to be this host's. They wait here, so that nobody has to ask again and again.
// K1: each is answered once: by the actor when its shard is here, with not_owner when it stays another's, is not here in
//     `heldMsMax`, or this host has its hands full.

import { type Answer, notOwner } from "../calls/replies.ts";
import { type Invocation, sizeOf } from "../invocation.ts";
import type { Clock } from "../ports.ts";

interface HeldCall {
  readonly invocation: Invocation;
  readonly answer: Answer;
}
interface Line {
  readonly sinceMs: number;
  readonly calls: HeldCall[];
  readonly cancel: () => void;
}

/** Below `tryTimeoutMs`: the caller has not turned to another host yet. */
const heldMsMax = 500;
const maxHeldCalls = 4_096;
const maxHeldBytes = 16 * 1024 * 1024;

export class HeldCalls {
  #clock: Clock;
  /** By shard. */
  #lines = new Map<number, Line>();
  #count = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False: there is no room. */
  hold(shard: number, invocation: Invocation, answer: Answer): boolean {
    const bytes = sizeOf(invocation);
    if (this.#count >= maxHeldCalls || this.#bytes + bytes > maxHeldBytes) return false;
    let line = this.#lines.get(shard);
    if (!line) {
      const cancel = this.#clock.after(heldMsMax, () => this.refuse(shard));
      line = { sinceMs: this.#clock.monotonicMs(), calls: [], cancel };
      this.#lines.set(shard, line);
    }
    line.calls.push({ invocation, answer });
    this.#count += 1;
    this.#bytes += bytes;
    return true;
  }

  /** How long the first call for this shard has waited; undefined: none does. */
  waitedMs(shard: number): number | undefined {
    const line = this.#lines.get(shard);
    return line && this.#clock.monotonicMs() - line.sinceMs;
  }

  /** The shard is here: its calls, oldest first. */
  release(shard: number): readonly HeldCall[] {
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
