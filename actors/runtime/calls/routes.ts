// Where calls go: to the host that answered for the shard last, then to the open hosts in rank, while ownership moves.
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
  /** Names of the open hosts that own shards and stay, in no order. */
  openHosts(): readonly string[];
  leavingHosts(): readonly string[];
  /** Is this host open? Also one that is leaving: it serves the shards that it has not released yet. */
  isOpen(host: string): boolean;
  /** Called when the open hosts may have changed. */
  onHostsChange?(handler: () => void): void;
  /** Absent on a host without the role `actors`. */
  local?: { host: string; owns(shard: number): boolean; accept(invocation: Invocation, answer: Answer): void };
}

/** The open hosts are read anew after this time: every call asks for them. */
const openKeptMs = 20;

export class Routes {
  readonly #deps: ActorsDeps;
  /** By shard: the host that answered last. The first-ranked host usually owns a shard, but shards move back with a delay. */
  #owners = new Map<number, string>();
  #open: { hosts: readonly string[]; untilMs: number } = { hosts: [], untilMs: 0 };

  constructor(deps: ActorsDeps) {
    this.#deps = deps;
  }

  /** Calls the handler when other hosts are open than before. */
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

  /** Changes on CONTROL are seen at once; a host that fell silent, up to `openKeptMs` later. */
  openHosts(): readonly string[] {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs >= this.#open.untilMs) this.#open = { hosts: this.#deps.openHosts(), untilMs: nowMs + openKeptMs };
    return this.#open.hosts;
  }

  /** May a call go to another host than this one? Also when this host is not open itself any more. */
  hasOthers(): boolean {
    const { local } = this.#deps;
    return this.openHosts().some((host) => host !== local?.host);
  }

  /** `attempt`: 0, 1, 2 … of this call; `first`: the host that it was sent to at attempt 0. */
  hostFor({ to }: Invocation, attempt: number, first?: string): string | undefined {
    const shard = shardOf(to.kind, to.key);
    const { local } = this.#deps;
    if (attempt === 0 && local?.owns(shard)) return local.host;
    const owner = this.#owners.get(shard);
    if (attempt === 0 && owner !== undefined && this.#deps.isOpen(owner)) return owner;
    // Leaving hosts first: they answer at once when they have released the shard. The next owner would wait for the release.
    const ranked = [...this.#deps.leavingHosts(), ...rankHosts(shard, this.openHosts())];
    if (ranked.length <= 1) return ranked[0];
    if (first === undefined) return ranked[attempt % ranked.length];
    if (ranked.includes(first)) ranked.unshift(...ranked.splice(ranked.indexOf(first), 1));
    else attempt -= 1; // the first host is not open any more
    return ranked[attempt % ranked.length];
  }

  send(host: string | undefined, invocation: Invocation, answer: Answer): void {
    const { local, transport } = this.#deps;
    if (host === undefined) answer({ kind: "failed", error: "unreachable", message: "No host is open" });
    else if (local?.host === host) local.accept(invocation, answer);
    else {
      const answerAndLearn: Answer = (reply) => {
        this.#learn(host, invocation, reply);
        answer(reply);
      };
      transport.call(host, invocation).then(answerAndLearn, (cause: unknown) => {
        const message = `${host} does not answer: ${String(cause)}`;
        answerAndLearn({ kind: "failed", error: "unreachable", message });
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
