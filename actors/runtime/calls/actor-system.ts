// The caller's side: finds the owner, calls it in memory or over the network, and asks again when ownership moved.
// C1: a caller waits no longer than its deadline. C2: a command that may have reached an owner is repeated with the same
//     id only, so a repeat is harmless. C3: a host that is silent is not waited for: the next in rank is asked, too.
// C4: whoever waits when hosts come or go asks the first in rank at once: there he waits no longer than he must.
import { DomainError } from "../../shared/errors.ts";
import type { Actors } from "../actors.ts";
import type { Ask, CallOptions, Contract, Handle } from "../contract.ts";
import { RuntimeError } from "../errors.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Kind } from "../kinds.ts";
import type { Clock } from "../ports.ts";
import type { OutboxEntry } from "../record.ts";
import { type ActorsDeps, Routes } from "./routes.ts";

export interface AskingActors extends Actors {
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  /** One try of an outbox entry, at the `attempt`-th host in rank: the outbox repeats it itself. */
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
}

export function createActors(deps: ActorsDeps): AskingActors {
  const waiting = new Deadlines(deps.clock);
  const routes = new Routes(deps);
  routes.onMoved(() => waiting.hostsChanged());
  const call = (invocation: Invocation) =>
    new Promise<unknown>((resolve, reject) => new Call(invocation, deps, routes, waiting, resolve, reject).start());
  const invocationOf = (to: { kind: Kind; key: string }, method: string, input: unknown, options?: CallOptions) => ({
    to,
    method,
    input,
    deadlineMs: options?.deadlineMs ?? deps.clock.nowMs() + deps.limits.defaultCallTimeoutMs,
    commandId: options?.commandId,
    traceId: options?.traceId,
    sizeBytes: options?.sizeBytes,
  });
  return {
    get<C, Q>({ kind }: Contract<C, Q>, key: string): Handle<C, Q> {
      return new Proxy({} as Handle<C, Q>, {
        get: (_, method: string) => (input: unknown, options?: CallOptions) =>
          call(invocationOf({ kind, key }, method, input, options)),
      });
    },
    ask<C, Q>({ kind }: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q> {
      return new Proxy({} as Ask<Q>, {
        get: (_, method: string) => (input: unknown) =>
          call({ ...invocationOf({ kind, key }, method, input), askedBy }),
      });
    },
    deliver({ to, method, input }, from, attempt) {
      const deadlineMs = deps.clock.nowMs() + deps.limits.defaultCallTimeoutMs;
      const invocation: Invocation = { to, method, input, deadlineMs, from };
      return new Promise((resolve) => {
        let giveUp = () => {};
        const host = routes.hostFor(invocation, attempt);
        if (host !== deps.local?.host) {
          giveUp = deps.clock.after(deps.limits.tryTimeoutMs * 2, () =>
            resolve({ kind: "failed", error: "unreachable", message: "No answer yet" }),
          );
        }
        routes.send(host, invocation, (reply) => {
          giveUp();
          resolve(reply);
        });
      });
    },
  };
}

/** C1 for all calls of a host with one timer: a timer each would cost more than most calls. */
class Deadlines {
  #calls = new Set<Call>();
  #clock: Clock;
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(call: Call): void {
    this.#calls.add(call);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#clock.after(deadlineSweepMs, () => this.#sweep());
  }

  remove(call: Call): void {
    this.#calls.delete(call);
  }

  /** C4 */
  hostsChanged(): void {
    for (const call of this.#calls) call.hostsChanged();
  }

  #sweep(): void {
    const nowMs = this.#clock.nowMs();
    const monotonicMs = this.#clock.monotonicMs();
    for (const call of this.#calls) {
      if (call.deadlineMs <= nowMs) call.expire();
      else if (call.tryUntilMs <= monotonicMs) call.tryAgain();
    }
    this.#isRunning = this.#calls.size > 0;
    if (this.#isRunning) this.#clock.after(deadlineSweepMs, () => this.#sweep());
  }
}
const deadlineSweepMs = 100;
const movedPauseMsMax = 100;
/** A host that is not open any more may still answer for so long (C4). */
const lastAnswersMs = 100;

class Call {
  #invocation: Invocation;
  #deps: ActorsDeps;
  #routes: Routes;
  #host: string | undefined;
  /** Since the open hosts changed last: where it was tried first, and at which attempt. */
  #first: string | undefined;
  #firstAttempt = 0;
  #isPausing = false;
  #waiting: Deadlines;
  #resolve: (value: unknown) => void;
  #reject: (error: Error) => void;
  #attempt = 0;
  #pauseMs: number;
  #tryTimeoutMs: number;
  #isDone = false;
  /** Monotonic; C3. */
  tryUntilMs = Number.POSITIVE_INFINITY;

  constructor(
    invocation: Invocation,
    deps: ActorsDeps,
    routes: Routes,
    waiting: Deadlines,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.#invocation = invocation;
    this.#deps = deps;
    this.#routes = routes;
    this.#waiting = waiting;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#pauseMs = deps.limits.retryMinMs;
    this.#tryTimeoutMs = deps.limits.tryTimeoutMs;
  }

  get deadlineMs(): number {
    return this.#invocation.deadlineMs;
  }

  start(): void {
    this.#send();
    if (!this.#isDone) this.#waiting.add(this);
  }

  expire(): void {
    this.#fail("deadline", `${this.#name()} took too long; its outcome is unknown`);
  }

  /** C4 */
  hostsChanged(): void {
    if (this.#isPausing) {
      this.#startAnew(this.#attempt);
      this.#send();
    } else if (this.#host !== undefined && this.#host !== this.#deps.local?.host && !this.#deps.isOpen(this.#host)) {
      this.#startAnew(this.#attempt + 1);
      this.tryUntilMs = Math.min(this.tryUntilMs, this.#deps.clock.monotonicMs() + lastAnswersMs);
    }
  }

  #startAnew(attempt: number): void {
    this.#first = undefined;
    this.#firstAttempt = attempt;
    this.#pauseMs = this.#deps.limits.retryMinMs;
  }

  #send(): void {
    this.#isPausing = false;
    const host = this.#routes.hostFor(this.#invocation, this.#attempt - this.#firstAttempt, this.#first);
    this.#host = host;
    this.#first ??= host;
    const isRemote = host !== this.#deps.local?.host;
    // C2: where a later try may go to another host, the command has an id from the first one on: also a try that stays here
    // may end without anybody knowing whether it counts.
    if (this.#invocation.commandId === undefined && (isRemote || this.#routes.hasOthers())) {
      this.#invocation = { ...this.#invocation, commandId: this.#deps.random.hex(64) };
    }
    const attempt = this.#attempt;
    this.tryUntilMs = isRemote ? this.#deps.clock.monotonicMs() + this.#tryTimeoutMs : Number.POSITIVE_INFINITY;
    this.#routes.send(host, this.#invocation, (reply) => this.#answered(reply, attempt));
  }

  /** C3: the silent host may still answer; whoever answers first counts. */
  tryAgain(): void {
    this.#tryTimeoutMs *= 2;
    this.#attempt += 1;
    this.#send();
  }

  #answered(reply: Reply, attempt: number): void {
    if (this.#isDone) return;
    if (reply.kind === "ok") {
      this.#end();
      this.#resolve(reply.value);
    } else if (reply.kind === "refused") {
      this.#end();
      this.#reject(new DomainError(reply.error, { details: reply.details, message: reply.message }));
    } else if (reply.error === "not_owner" || reply.error === "unreachable") {
      if (attempt === this.#attempt) this.#retry();
    } else this.#fail(reply.error, `${this.#name()}: ${reply.message}`);
  }

  #retry(): void {
    const isFirstTry = this.#attempt <= this.#firstAttempt;
    this.#attempt += 1;
    this.tryUntilMs = Number.POSITIVE_INFINITY;
    this.#isPausing = true;
    if (isFirstTry) {
      this.#send(); // who is first in rank waits with us for what he is about to own
      return;
    }
    const attempt = this.#attempt;
    this.#deps.clock.after(this.#pauseMs, () => {
      if (!this.#isDone && this.#isPausing && this.#attempt === attempt) this.#send();
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, movedPauseMsMax);
  }

  #fail(kind: RuntimeError["kind"], message: string): void {
    if (this.#isDone) return;
    this.#end();
    this.#reject(new RuntimeError(kind, message));
  }

  #end(): void {
    this.#isDone = true;
    this.#waiting.remove(this);
  }

  #name(): string {
    const { to, method } = this.#invocation;
    return `${to.kind} ${to.key}.${method}`;
  }
}
