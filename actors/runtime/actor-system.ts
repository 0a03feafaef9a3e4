// The caller's side: finds the owner, calls it in memory or over the network, and asks again when ownership moved.
// C1: a caller waits no longer than its deadline. C2: a command that may have reached an owner is repeated with the same
//     id only, so a repeat is harmless. C3: a host that is silent is not waited for: the next in rank is asked, too.
import { DomainError } from "../shared/errors.ts";
import type { Actors } from "./actors.ts";
import type { Ask, CallOptions, Contract, Handle } from "./contract.ts";
import { RuntimeError } from "./errors.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Kind } from "./kinds.ts";
import type { RuntimeLimits } from "./options.ts";
import { rankHosts, shardOf } from "./placement.ts";
import type { Clock, HostTransport, Random } from "./ports.ts";
import type { OutboxEntry } from "./record.ts";
import type { Answer } from "./replies.ts";

export interface ActorsDeps {
  clock: Clock;
  random: Random;
  limits: RuntimeLimits;
  transport: HostTransport;
  openHosts(): readonly string[];
  /** Absent on a host without the role `actors`. */
  local?: { host: string; owns(shard: number): boolean; accept(invocation: Invocation, answer: Answer): void };
}

export interface AskingActors extends Actors {
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  /** One try of an outbox entry, at the `attempt`-th host in rank: the outbox repeats it itself. */
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
}

export function createActors(deps: ActorsDeps): AskingActors {
  const waiting = new Deadlines(deps.clock);
  const routes = new Routes(deps);
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

/** Where calls go: to who answered for the shard last, then to the open hosts in rank, while ownership moves. */
class Routes {
  readonly #deps: ActorsDeps;
  /** By shard. The first-ranked host usually owns, but shards move back with a delay. */
  #owners = new Map<number, string>();

  constructor(deps: ActorsDeps) {
    this.#deps = deps;
  }

  /** `first`: where this call was tried first. */
  hostFor({ to }: Invocation, attempt: number, first?: string): string | undefined {
    const shard = shardOf(to.kind, to.key);
    const { local } = this.#deps;
    if (attempt === 0 && local?.owns(shard)) return local.host;
    const hosts = this.#deps.openHosts();
    if (hosts.length <= 1) return hosts[0];
    const owner = this.#owners.get(shard);
    if (attempt === 0 && owner !== undefined && hosts.includes(owner)) return owner;
    const ranked = rankHosts(shard, hosts);
    if (first !== undefined && hosts.includes(first)) ranked.unshift(...ranked.splice(ranked.indexOf(first), 1));
    return ranked[attempt % ranked.length];
  }

  send(host: string | undefined, invocation: Invocation, answer: Answer): void {
    const { local, transport } = this.#deps;
    if (host === undefined) answer({ kind: "failed", error: "unreachable", message: "No host is open" });
    else if (local?.host === host) local.accept(invocation, answer);
    else {
      const heard: Answer = (reply) => {
        this.#learn(host, invocation, reply);
        answer(reply);
      };
      transport.call(host, invocation).then(heard, (cause: unknown) => {
        heard({ kind: "failed", error: "unreachable", message: `${host} does not answer: ${String(cause)}` });
      });
    }
  }

  #learn(host: string, { to }: Invocation, reply: Reply): void {
    const shard = shardOf(to.kind, to.key);
    const isOwner = reply.kind !== "failed" || (reply.error !== "not_owner" && reply.error !== "unreachable");
    if (isOwner) this.#owners.set(shard, host);
    else if (this.#owners.get(shard) === host) this.#owners.delete(shard);
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
const movedPauseMsMax = 100;

class Call {
  #invocation: Invocation;
  #deps: ActorsDeps;
  #routes: Routes;
  #first: string | undefined;
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

  #send(): void {
    const host = this.#routes.hostFor(this.#invocation, this.#attempt, this.#first);
    this.#first ??= host;
    const isRemote = host !== this.#deps.local?.host;
    // C2: where a later try may go to another host, the command has an id from the first one on: also a try that stays here
    // may end without anybody knowing whether it counts.
    if (this.#invocation.commandId === undefined && (isRemote || this.#deps.openHosts().length > 1)) {
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
