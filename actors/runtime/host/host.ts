// One host: the shards it owns, the calls that reach it, its projector, and its part in placement.
import { Gate } from "../../shared/gate.ts";
import type { Actors } from "../actors.ts";
import { type AskingActors, createActors } from "../calls/actor-system.ts";
import { type Answer, notOwner } from "../calls/replies.ts";
import type { AnyBehaviour, Ask, Contract } from "../contract.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Address, Kind } from "../kinds.ts";
import type { HostLease } from "../lease/lease.ts";
import type { RuntimeLimits, Weakness } from "../limits.ts";
import { Projector } from "../log/projector.ts";
import { PlacementKeeper } from "../placement/placement-keeper.ts";
import type { HostTransport, Random } from "../ports.ts";
import type { OutboxEntry } from "../record.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";
import type { RuntimePorts, ShardHost } from "../shard-host.ts";
import { shardCount, shardOf } from "../sharding.ts";
import { createStats, type RuntimeStats } from "../stats.ts";
import { DueIndex } from "./due-index.ts";
import { putIdleToSleep } from "./passivation.ts";

export interface HostDeps {
  ports: RuntimePorts;
  transport: HostTransport;
  random: Random;
  lease: HostLease;
  behaviours: readonly AnyBehaviour[];
  limits: RuntimeLimits;
  /** The shards this host considers, for tests whose actors live in a few. Default: all. */
  shards?: readonly number[];
  weaknesses?: ReadonlySet<Weakness>;
  onTrouble(message: string, cause: unknown): void;
}

/** A command that crashed its actor: kept for the operator, newest last. */
export interface ParkedCommand {
  address: Address;
  method: string;
  atMs: number;
  cause: string;
}

export interface Host {
  readonly actors: Actors;
  readonly stats: RuntimeStats;
  readonly parked: readonly ParkedCommand[];
  /** Shards owned, being taken, and quarantined with the reason. */
  status(): { owned: number; taking: number; quarantined: { shard: number; reason: string }[]; lagBytes: number };
  /** Resolves when every shard that is this host's to take has been decided. */
  start(): Promise<void>;
  /**
   * Gives every shard to the others, if there are any, and takes none any more: each pauses while it changes hands, and no
   * longer. Callers of this host are served on by the others.
   */
  handOver(timeoutMs: number): Promise<void>;
  /** Hands over, finishes what is accepted, empties the tails, and gives up what nobody took. `timeoutMs` bounds it. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends at once, as kill -9 would, but for timers. */
  stop(): void;
}

const maxParked = 100;
const retoldAtOnce = 32;
const takenOverMs = 200;
const dueReadAfterMs = 1_000;
const sweepEveryMs = 1_000;
export function createHost(deps: HostDeps): Host {
  return new HostRuntime(deps);
}

class HostRuntime implements Host, ShardHost {
  readonly ports: RuntimePorts;
  readonly limits: RuntimeLimits;
  readonly lease: HostLease;
  readonly weaknesses: ReadonlySet<Weakness>;
  readonly stats = createStats();
  readonly projector: Projector;
  readonly actors: AskingActors;
  readonly loads: Gate;
  readonly retellings = new Gate(retoldAtOnce);
  readonly parked: ParkedCommand[] = [];
  #deps: HostDeps;
  #behaviours = new Map<Kind, AnyBehaviour>();
  #placement: PlacementKeeper;
  #due: DueIndex;
  #dirty: ShardRuntime[] = [];
  #cancels: (() => void)[] = [];
  #commitNumber = 0;
  #isStopped = false;
  #isDraining = false;
  #isRetired = false;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.ports = deps.ports;
    this.limits = deps.limits;
    this.loads = new Gate(deps.limits.maxLoadsAtOnce);
    this.lease = deps.lease;
    this.weaknesses = deps.weaknesses ?? new Set();
    const candidates = deps.shards ?? Array.from({ length: shardCount }, (_, index) => index);
    this.#placement = new PlacementKeeper(this, candidates, (shard) => this.#readDueSoon(shard));
    for (const behaviour of deps.behaviours) this.#behaviours.set(behaviour.contract.kind, behaviour);
    const { views, heads, sink, clock } = deps.ports;
    const onTrouble = (message: string, cause: unknown) => this.trouble(message, cause);
    const { limits, lease } = deps;
    const mayWriteHeads = () => lease.isHeld();
    this.projector = new Projector({ views, heads, sink, clock, limits, stats: this.stats, mayWriteHeads, onTrouble });
    this.#due = new DueIndex({ views, clock, horizonMs: deps.limits.dueHorizonMs, onTrouble });
    this.actors = createActors({
      clock,
      random: deps.random,
      limits: deps.limits,
      transport: deps.transport,
      openHosts: () => deps.lease.openHosts(),
      leavingHosts: () => deps.lease.leavingHosts(),
      isOpen: (host) => deps.lease.isOpen(host),
      local: {
        host: deps.lease.place.host,
        owns: (index) => this.#placement.shards.get(index)?.isLive ?? false,
        accept: (invocation, answer) => this.accept(invocation, answer),
      },
      onHostsChange: (handler) => deps.lease.onChange(handler),
    });
  }

  status() {
    const { taking, quarantined } = this.#placement;
    const owned = this.#shards().filter(({ isLive }) => isLive).length;
    return { owned, taking, quarantined, lagBytes: this.projector.lagBytes };
  }

  async start(): Promise<void> {
    this.#cancels.push(this.#deps.transport.serve(this.lease.place.host, (invocation) => this.#answer(invocation)));
    this.lease.onChange(() => this.#place());
    this.#place();
    await this.#placement.settled();
    if (this.#isStopped) return;
    this.#every(this.limits.placementEveryMs, () => this.#place());
    this.#every(sweepEveryMs, () => putIdleToSleep(this.#placement.shards.values(), this));
    this.#every(this.limits.dueHorizonMs / 2, () => this.#readDue());
  }

  accept(invocation: Invocation, answer: Answer): void {
    const index = shardOf(invocation.to.kind, invocation.to.key);
    const shard = this.#placement.shards.get(index);
    if (!shard && !this.#isDraining && this.#placement.hold(index, invocation, answer)) return;
    if (!shard || this.#isStopped || (this.#isDraining && !invocation.from)) {
      answer(notOwner(invocation.to));
      return;
    }
    const refusal = invocation.from ? undefined : this.#overload(index);
    if (refusal !== undefined) {
      this.stats.overloads += 1;
      answer({ kind: "failed", error: "overloaded", message: refusal });
      return;
    }
    shard.accept(invocation, answer);
  }

  async handOver(timeoutMs: number): Promise<void> {
    const { lease } = this;
    const hasCompany = lease.openHosts().some((host) => host !== lease.place.host);
    if (!lease.retire || !hasCompany || this.#isRetired || this.#isStopped) return;
    this.#isRetired = true;
    if (!(await lease.retire())) return;
    const isOver = new Promise<void>((resolve) => this.ports.clock.after(timeoutMs, resolve));
    // It goes on when its time is up here: somebody may come, or answer, while the sockets go.
    await Promise.race([this.#placement.giveUpAll(), this.#placement.untilAlone(), isOver]);
    // The others take what nobody has called them for yet, before whoever was served here comes to them.
    await new Promise<void>((resolve) => this.ports.clock.after(takenOverMs, resolve));
  }

  async drain(timeoutMs: number): Promise<void> {
    const { clock } = this.ports;
    const endMs = clock.monotonicMs() + timeoutMs;
    const isOver = new Promise<void>((resolve) => clock.after(timeoutMs, resolve));
    await this.handOver(timeoutMs);
    this.#isDraining = true;
    for (const shard of this.#shards()) shard.drain();
    while (clock.monotonicMs() < endMs) {
      // Views that are away must not hold a host back that is going: the next owner does the rest.
      await Promise.race([this.projector.settled(), isOver]);
      if (this.#shards().every(({ isSettled }) => isSettled)) break;
      await new Promise<void>((resolve) => clock.after(20, resolve));
    }
    const released = Promise.all(this.#shards().map((shard) => shard.log.release(shard.isSettled)));
    await Promise.race([
      released,
      new Promise<void>((resolve) => clock.after(Math.max(0, endMs - clock.monotonicMs()) + 500, resolve)),
    ]);
    this.stop();
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.projector.stop();
    this.#due.stop();
    this.#placement.stop();
  }

  // — ShardHost —

  nextCommitNumber(): number {
    this.#commitNumber += 1;
    return this.#commitNumber;
  }

  behaviourOf(kind: Kind): AnyBehaviour {
    const behaviour = this.#behaviours.get(kind);
    if (!behaviour) throw new Error(`This host has no behaviour for ${kind}`);
    return behaviour;
  }

  markDirty(shard: ShardRuntime): void {
    if (shard.isDirty) return;
    shard.isDirty = true;
    // One flush per tick: what a tick's turns decided goes out as one commit per shard.
    if (this.#dirty.push(shard) === 1) this.ports.clock.soon(() => this.#flush());
  }

  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply> {
    return this.actors.deliver(entry, from, attempt);
  }

  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q> {
    return this.actors.ask(to, key, askedBy);
  }

  scheduleDue(shard: ShardRuntime, address: Address, dueMs: number): void {
    this.#due.schedule(shard, address, dueMs);
  }

  park(address: Address, { method }: Invocation, cause: unknown): void {
    this.parked.push({ address, method, atMs: this.ports.clock.nowMs(), cause: String(cause) });
    if (this.parked.length > maxParked) this.parked.shift();
    this.#deps.onTrouble(`${address.kind} ${address.key}: ${method} crashed and was parked`, cause);
  }

  trouble(message: string, cause: unknown): void {
    this.stats.troubles += 1;
    this.#deps.onTrouble(message, cause);
  }

  onLost(shard: ShardRuntime): void {
    this.#placement.forget(shard);
    this.#due.forget(shard);
  }

  // — upkeep —

  /** Why no user's command is taken now (J1, J6). */
  #overload(shard: number): string | undefined {
    if (this.projector.lagBytes > this.limits.maxTailBytesPerHost) return "The views are too far behind";
    return this.ports.journal.isCrowded?.(shard) ? "The journal is nearly full" : undefined;
  }

  #shards(): ShardRuntime[] {
    return [...this.#placement.shards.values()];
  }

  #place(): void {
    if (!this.#isStopped && !this.#isDraining && !this.#isRetired) this.#placement.place();
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const shard of dirty) {
      shard.isDirty = false;
      shard.log.flush();
    }
  }

  /** Callers' actors are read first; what falls due can wait that long. */
  #readDueSoon(shard: ShardRuntime): void {
    this.ports.clock.after(dueReadAfterMs, () => void this.#due.read(shard));
  }

  #readDue(): void {
    for (const shard of this.#shards()) if (shard.isLive) void this.#due.read(shard);
  }

  #every(periodMs: number, task: () => void): void {
    let cancel = () => {};
    const run = () => {
      if (this.#isStopped) return;
      task();
      cancel = this.ports.clock.after(periodMs, run);
    };
    cancel = this.ports.clock.after(periodMs, run);
    this.#cancels.push(() => cancel());
  }

  #answer(invocation: Invocation): Promise<Reply> {
    return new Promise((resolve) => this.accept(invocation, resolve));
  }
}
