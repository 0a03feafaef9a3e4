import type { Address } from "../kinds.ts";
import type { Clock } from "../ports.ts";
import type { RuntimeStats } from "../stats.ts";

/** A command that crashed its actor: nothing of it stands, and it is kept for the operator. */
export interface DeadLetter {
  readonly address: Address;
  readonly method: string;
  readonly atMs: number;
  readonly cause: string;
}

const maxDeadLetters = 100;

/** The newest dead-lettered commands of a host, in memory. */
export class DeadLetters {
  readonly all: DeadLetter[] = [];
  #deps: { clock: Clock; stats: RuntimeStats; reportError(message: string, cause: unknown): void };

  constructor(deps: { clock: Clock; stats: RuntimeStats; reportError(message: string, cause: unknown): void }) {
    this.#deps = deps;
  }

  add(address: Address, method: string, cause: unknown): void {
    const { clock, stats, reportError } = this.#deps;
    stats.deadLettered += 1;
    this.all.push({ address, method, atMs: clock.nowMs(), cause: String(cause) });
    if (this.all.length > maxDeadLetters) this.all.shift();
    reportError(`${address.kind} ${address.key}: ${method} crashed its actor and was dead-lettered`, cause);
  }
}
