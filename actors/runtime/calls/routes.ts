// Where calls go: to who answered for the shard last, then to the open hosts in rank, while ownership moves.

import type { Invocation, Reply } from "../invocation.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock, HostTransport, Random } from "../ports.ts";
import { rankHosts, shardOf } from "../sharding.ts";
import type { Answer } from "./replies.ts";

export interface ActorsDeps {
  clock: Clock;
  random: Random;
  limits: RuntimeLimits;
  transport: HostTransport;
  /** Those that own shards and stay, in no order. */
  openHosts(): readonly string[];
  leavingHosts(): readonly string[];
  /** Also of one that is leaving: what it has not given up yet it still serves. */
  isOpen(host: string): boolean;
  /** Called when the open hosts may have changed. */
  onHostsChange?(handler: () => void): void;
  /** Absent on a host without the role `actors`. */
  local?: { host: string; owns(shard: number): boolean; accept(invocation: Invocation, answer: Answer): void };
}

/** The open hosts, as they were read last. */
const keptMs = 20;

export class Routes {
  readonly #deps: ActorsDeps;
  /** By shard. The first-ranked host usually owns, but shards move back with a delay. */
  #owners = new Map<number, string>();
  #open: { hosts: readonly string[]; untilMs: number } = { hosts: [], untilMs: 0 };

  constructor(deps: ActorsDeps) {
    this.#deps = deps;
  }

  onMoved(handler: () => void): void {
    let known = this.#deps.openHosts().join();
    this.#deps.onHostsChange?.(() => {
      this.#open.untilMs = 0;
      const names = this.#deps.openHosts().join();
      if (names === known) return;
      known = names;
      handler();
    });
  }

  /** Asked for by every call: a silence is noticed a little later for it, what CONTROL says at once. */
  openHosts(): readonly string[] {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs >= this.#open.untilMs) this.#open = { hosts: this.#deps.openHosts(), untilMs: nowMs + keptMs };
    return this.#open.hosts;
  }

  /** Another host may be asked, too: the local one may not be open any more. */
  hasOthers(): boolean {
    const { local } = this.#deps;
    return this.openHosts().some((host) => host !== local?.host);
  }

  /** `first`: where this call was tried first. */
  hostFor({ to }: Invocation, attempt: number, first?: string): string | undefined {
    const shard = shardOf(to.kind, to.key);
    const { local } = this.#deps;
    if (attempt === 0 && local?.owns(shard)) return local.host;
    const owner = this.#owners.get(shard);
    if (attempt === 0 && owner !== undefined && this.#deps.isOpen(owner)) return owner;
    const hosts = this.openHosts();
    const leaving = this.#deps.leavingHosts();
    // Who leaves says at once what it has given up; who comes next would wait for what it has not.
    const ranked = [...leaving, ...rankHosts(shard, hosts)];
    if (ranked.length <= 1) return ranked[0];
    if (first === undefined) return ranked[attempt % ranked.length];
    if (ranked.includes(first)) ranked.unshift(...ranked.splice(ranked.indexOf(first), 1));
    else attempt -= 1; // it was asked, and is gone
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
