// The caller's side: finds the owner, calls it in memory or over the network, and asks again when ownership moved.
// C1: a caller waits no longer than its deadline. C2: a command that may have reached an owner is repeated with the same
//     id only, so a repeat is harmless. C3: a host that is silent is not waited for: the next in rank is asked, too.
import { DomainError } from "../shared/errors.ts";
import type { Answer } from "./activation.ts";
import type { Actors } from "./actors.ts";
import type { Ask, CallOptions, Contract, Handle } from "./contract.ts";
import { RuntimeError } from "./errors.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Kind } from "./kinds.ts";
import type { RuntimeLimits } from "./options.ts";
import { rankHosts, shardOf } from "./placement.ts";
import type { Clock, HostTransport, Random } from "./ports.ts";
import type { OutboxEntry } from "./record.ts";

export interface ActorsDeps {
  clock: Clock;
  random: Random;
  limits: RuntimeLimits;
  transport: HostTransport;
  openHosts(): readonly string[];
  /** Absent on a host without the role `actors`. */
  local?: { host: string; accept(invocation: Invocation, answer: Answer): void };
}

export interface AskingActors extends Actors {
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  /** One try of an outbox entry, at the `attempt`-th host in rank: the outbox repeats it itself. */
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
}

export function createActors(deps: ActorsDeps): AskingActors {
  const waiting = new Deadlines(deps.clock);
  const call = (invocation: Invocation) =>
    new Promise<unknown>((resolve, reject) => new Call(invocation, deps, waiting, resolve, reject).start());
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
        if (hostFor(invocation, deps, attempt) !== deps.local?.host) {
          giveUp = deps.clock.after(deps.limits.tryTimeoutMs * 2, () =>
            resolve({ kind: "failed", error: "unreachable", message: "No answer yet" }),
          );
        }
        send(invocation, deps, attempt, (reply) => {
          giveUp();
          resolve(reply);
        });
      });
    },
  };
}

/** One attempt at the `attempt`-th host in rank: the first usually owns, the next ones while ownership moves. */
function hostFor({ to }: Invocation, deps: ActorsDeps, attempt: number): string | undefined {
  const hosts = deps.openHosts();
  if (hosts.length <= 1) return hosts[0];
  return rankHosts(shardOf(to.kind, to.key), hosts)[attempt % hosts.length];
}

function send(invocation: Invocation, deps: ActorsDeps, attempt: number, answer: Answer): void {
  const host = hostFor(invocation, deps, attempt);
  if (host === undefined) answer({ kind: "failed", error: "unreachable", message: "No host is open" });
  else if (deps.local?.host === host) deps.local.accept(invocation, answer);
  else {
    deps.transport.call(host, invocation).then(answer, (cause: unknown) => {
      answer({ kind: "failed", error: "unreachable", message: `${host} does not answer: ${String(cause)}` });
    });
  }
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
const movedPauseMsMax = 200;

class Call {
  #invocation: Invocation;
  #deps: ActorsDeps;
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
    waiting: Deadlines,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.#invocation = invocation;
    this.#deps = deps;
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

  #send(): void {
    const isRemote = hostFor(this.#invocation, this.#deps, this.#attempt) !== this.#deps.local?.host;
    // C2: from the first try that leaves this host on, the command has an id.
    if (isRemote && this.#invocation.commandId === undefined) {
      this.#invocation = { ...this.#invocation, commandId: this.#deps.random.hex(64) };
    }
    const attempt = this.#attempt;
    this.tryUntilMs = isRemote ? this.#deps.clock.monotonicMs() + this.#tryTimeoutMs : Number.POSITIVE_INFINITY;
    send(this.#invocation, this.#deps, attempt, (reply) => this.#answered(reply, attempt));
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
    this.#attempt += 1;
    this.tryUntilMs = Number.POSITIVE_INFINITY;
    this.#deps.clock.after(this.#pauseMs, () => {
      if (!this.#isDone) this.#send();
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
