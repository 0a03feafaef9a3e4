// The caller's side: handles of actors, and deliveries of outbox entries.
import type { Actors } from "../actors.ts";
import type { Ask, CallOptions, Contract, Handle } from "../contract.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Kind } from "../kinds.ts";
import type { OutboxEntry } from "../record.ts";
import { callActor } from "./call.ts";
import { Deadlines } from "./deadlines.ts";
import { type ActorsDeps, Routes } from "./routes.ts";

export interface ActorSystem extends Actors {
  /** A query inside a turn of an actor of the kind `askedBy`. */
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  /** One try of an outbox entry, at the `attempt`-th host in rank: the outbox repeats it itself. */
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
}

export function createActors(deps: ActorsDeps): ActorSystem {
  const deadlines = new Deadlines(deps.clock);
  const routes = new Routes(deps);
  routes.onMoved(() => deadlines.hostsChanged());
  const { clock, random, limits, local } = deps;
  const callDeps = { clock, random, limits, local, isOpen: (host: string) => deps.isOpen(host), routes, deadlines };
  const call = (invocation: Invocation) => callActor(invocation, callDeps);
  const deadlineOf = (options?: CallOptions) =>
    options?.deadlineMs ?? deps.clock.nowMs() + deps.limits.defaultCallTimeoutMs;
  return {
    get<C, Q>({ kind }: Contract<C, Q>, key: string): Handle<C, Q> {
      return new Proxy({} as Handle<C, Q>, {
        get: (_, method: string) => (input: unknown, options?: CallOptions) => {
          const { commandId, traceId, sizeBytes } = options ?? {};
          return call({
            to: { kind, key },
            method,
            input,
            deadlineMs: deadlineOf(options),
            commandId,
            traceId,
            sizeBytes,
          });
        },
      });
    },
    ask<C, Q>({ kind }: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q> {
      return new Proxy({} as Ask<Q>, {
        get: (_, method: string) => (input: unknown) =>
          call({ to: { kind, key }, method, input, deadlineMs: deadlineOf(), askedBy }),
      });
    },
    deliver: ({ to, method, input }, from, attempt) =>
      new Promise((resolve) => {
        const invocation: Invocation = { to, method, input, deadlineMs: deadlineOf(), from };
        const host = routes.hostFor(invocation, attempt);
        let cancel = () => {};
        if (host !== deps.local?.host) {
          cancel = deps.clock.after(deps.limits.tryTimeoutMs * 2, () =>
            resolve({ kind: "failed", error: "unreachable", message: "No answer yet" }),
          );
        }
        routes.send(host, invocation, (reply) => {
          cancel();
          resolve(reply);
        });
      }),
  };
}
