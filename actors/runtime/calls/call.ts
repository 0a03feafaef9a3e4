// One call, from its first try to its answer.
// call/deadline: a caller waits no longer than its deadline.
// call/repeat: a command that may have reached an owner is repeated with the same id only, so that a repeat changes nothing.
// call/silence: a host that does not answer is not waited for: the call goes to the next host in rank, too.
// call/moved: when hosts come or go, a waiting call goes to the first in rank at once: the call waits there no longer than
//     the take-over of the shard lasts.
import { Backoff } from "../../shared/backoff.ts";
import { DomainError } from "../../shared/errors.ts";
import { RuntimeError } from "../errors.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Deadlines, PendingCall } from "./deadlines.ts";
import type { ActorsDeps, Routes } from "./routes.ts";

const movedPauseMsMax = 100;
/** A host that is not open any more may still answer for so long (call/moved). */
const lastAnswersMs = 100;

interface CallDeps extends Pick<ActorsDeps, "clock" | "random" | "limits" | "isOpen" | "local"> {
  readonly routes: Routes;
  readonly deadlines: Deadlines;
}

/** Resolves with the actor's answer; rejects with a DomainError (its refusal) or a RuntimeError. */
export function callActor(invocation: Invocation, deps: CallDeps): Promise<unknown> {
  return new Promise((resolve, reject) => new Call(invocation, deps, resolve, reject).start());
}

class Call implements PendingCall {
  #invocation: Invocation;
  #deps: CallDeps;
  #resolve: (value: unknown) => void;
  #reject: (error: Error) => void;
  /** The host of the last try. */
  #host: string | undefined;
  /** Since the open hosts changed last: the host of the first try, and its attempt. */
  #first: string | undefined;
  #firstAttempt = 0;
  #attempt = 0;
  #isPausing = false;
  #backoff: Backoff;
  #tryTimeoutMs: number;
  #isDone = false;
  tryUntilMs = Number.POSITIVE_INFINITY;

  constructor(
    invocation: Invocation,
    deps: CallDeps,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.#invocation = invocation;
    this.#deps = deps;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#backoff = new Backoff({ minMs: deps.limits.retryMinMs, maxMs: movedPauseMsMax });
    this.#tryTimeoutMs = deps.limits.tryTimeoutMs;
  }

  get deadlineMs(): number {
    return this.#invocation.deadlineMs;
  }

  start(): void {
    this.#send();
    if (!this.#isDone) this.#deps.deadlines.add(this);
  }

  /** call/deadline */
  expire(): void {
    this.#fail("deadline", `${this.#name()} took too long; its outcome is unknown`);
  }

  /** call/moved */
  hostsChanged(): void {
    if (this.#isPausing) {
      this.#startAnew(this.#attempt);
      this.#send();
    } else if (this.#host !== undefined && this.#host !== this.#deps.local?.host && !this.#deps.isOpen(this.#host)) {
      this.#startAnew(this.#attempt + 1);
      this.tryUntilMs = Math.min(this.tryUntilMs, this.#deps.clock.monotonicMs() + lastAnswersMs);
    }
  }

  /** call/silence: the silent host may still answer; the first answer counts. */
  tryAgain(): void {
    this.#tryTimeoutMs *= 2;
    this.#attempt += 1;
    this.#send();
  }

  #startAnew(attempt: number): void {
    this.#first = undefined;
    this.#firstAttempt = attempt;
    this.#backoff.reset();
  }

  #send(): void {
    const { routes, local, clock, random } = this.#deps;
    this.#isPausing = false;
    const host = routes.hostFor(this.#invocation, this.#attempt - this.#firstAttempt, this.#first);
    this.#host = host;
    this.#first ??= host;
    const isRemote = host !== local?.host;
    // call/repeat: the command gets its id before the first try that may be followed by one at another host. Also a try that
    // stays here may end without an answer that says whether the command counted.
    if (this.#invocation.commandId === undefined && (isRemote || routes.hasOthers())) {
      this.#invocation = { ...this.#invocation, commandId: random.hex(64) };
    }
    const attempt = this.#attempt;
    this.tryUntilMs = isRemote ? clock.monotonicMs() + this.#tryTimeoutMs : Number.POSITIVE_INFINITY;
    routes.send(host, this.#invocation, (reply) => this.#answered(reply, attempt));
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
      this.#send(); // the first in rank lets the call wait until it has taken the shard
      return;
    }
    const attempt = this.#attempt;
    this.#deps.clock.after(this.#backoff.next(), () => {
      if (!this.#isDone && this.#isPausing && this.#attempt === attempt) this.#send();
    });
  }

  #fail(kind: RuntimeError["kind"], message: string): void {
    if (this.#isDone) return;
    this.#end();
    this.#reject(new RuntimeError(kind, message));
  }

  #end(): void {
    this.#isDone = true;
    this.#deps.deadlines.remove(this);
  }

  #name(): string {
    const { to, method } = this.#invocation;
    return `${to.kind} ${to.key}.${method}`;
  }
}
