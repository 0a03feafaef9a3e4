// One host: the shards it owns, the calls that reach it, its projector, and its part in placement.
// H1: a shard is taken only while the lease is held, by the first-ranked open host, over a released or dead owner's log.
// H2: a shard whose log lost data is quarantined and reported, never restarted.
import { type Activation, type Answer, notOwner } from "./activation.ts";
import { type AskingActors, createActors } from "./actor-system.ts";
import type { Actors } from "./actors.ts";
import type { AnyBehaviour, Ask, Contract } from "./contract.ts";
import { DueIndex } from "./due-index.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Address, Kind } from "./kinds.ts";
import type { HostLease } from "./lease.ts";
import type { RuntimeLimits, Weakness } from "./options.ts";
import { rankHosts, shardCount, shardOf } from "./placement.ts";
import type { HostTransport, Mark, Random } from "./ports.ts";
import { Projector } from "./projector.ts";
import type { OutboxEntry } from "./record.ts";
import { type RuntimePorts, type ShardHost, ShardRuntime } from "./shard-runtime.ts";
import { createStats, type RuntimeStats } from "./stats.ts";

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
  /** Finishes what is accepted, empties the tails, and gives the shards up. `timeoutMs` bounds it. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends at once, as kill -9 would, but for timers. */
  stop(): void;
}

const maxParked = 100;
/** A log that lost data says so for so long: a replica that lags has caught up by then, or the leader has answered. */
const quarantineAfterMs = 5_000;
/** A shard given up to a better-ranked host is not taken back by placement sooner. */
const handOverPauseMs = 30_000;
/** A hand-over waits so long for the views; then the next owner does again what is not done. */
const handOverMsMax = 1_000;
/** A quarantined shard is looked at again so often: a restored log needs no restart. */
const quarantineLookMs = 10_000;
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
  readonly parked: ParkedCommand[] = [];
  #deps: HostDeps;
  #behaviours = new Map<Kind, AnyBehaviour>();
  #shards: (ShardRuntime | undefined)[] = new Array(shardCount).fill(undefined);
  #taking = new Map<number, { shard: ShardRuntime; settled: Promise<void> }>();
  #quarantined = new Map<number, { reason: string; lookAgainMs: number }>();
  /** Since when a shard's log has looked cut short. */
  #suspicions = new Map<number, number>();
  #givenUpMs = new Map<number, number>();
  #candidates: readonly number[];
  /** Shards that are this host's among the hosts named in `open`. */
  #ranked: { open: string; mine: ReadonlySet<number> } = { open: "", mine: new Set() };
  #due: DueIndex;
  #dirty: ShardRuntime[] = [];
  #cancels: (() => void)[] = [];
  #isStopped = false;
  #isDraining = false;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.ports = deps.ports;
    this.limits = deps.limits;
    this.lease = deps.lease;
    this.weaknesses = deps.weaknesses ?? new Set();
    this.#candidates = deps.shards ?? Array.from({ length: shardCount }, (_, index) => index);
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
      local: { host: deps.lease.place.host, accept: (invocation, answer) => this.accept(invocation, answer) },
    });
  }

  status() {
    const quarantined = [...this.#quarantined].map(([shard, { reason }]) => ({ shard, reason }));
    const owned = this.#shards.filter((shard) => shard?.isLive).length;
    return { owned, taking: this.#taking.size, quarantined, lagBytes: this.projector.lagBytes };
  }

  async start(): Promise<void> {
    this.#cancels.push(this.#deps.transport.serve(this.lease.place.host, (invocation) => this.#answer(invocation)));
    this.lease.onChange(() => this.#place());
    this.#place();
    await Promise.all([...this.#taking.values()].map(({ settled }) => settled));
    if (this.#isStopped) return;
    this.#every(this.limits.placementEveryMs, () => this.#place());
    this.#every(sweepEveryMs, () => this.#passivate());
    this.#every(this.limits.dueHorizonMs / 2, () => this.#readDue());
  }

  accept(invocation: Invocation, answer: Answer): void {
    const shard = this.#shards[shardOf(invocation.to.kind, invocation.to.key)];
    if (!shard || this.#isStopped || (this.#isDraining && !invocation.from)) {
      answer(notOwner(invocation.to));
      return;
    }
    if (!invocation.from && this.projector.lagBytes > this.limits.maxTailBytesPerHost) {
      this.stats.overloads += 1;
      answer({ kind: "failed", error: "overloaded", message: "The views are too far behind" });
      return;
    }
    shard.accept(invocation, answer);
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    const { clock } = this.ports;
    const endMs = clock.monotonicMs() + timeoutMs;
    const live = () => this.#shards.filter((shard) => shard !== undefined);
    for (const shard of live()) shard.drain();
    while (clock.monotonicMs() < endMs) {
      await this.projector.settled();
      if (live().every(({ isSettled }) => isSettled)) break;
      await new Promise<void>((resolve) => clock.after(20, resolve));
    }
    const released = Promise.all(live().map((shard) => shard.log.release()));
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
    for (const shard of [...this.#shards, ...[...this.#taking.values()].map(({ shard }) => shard)]) {
      shard?.log.stop();
      shard?.close();
    }
    this.#shards.fill(undefined);
  }

  // — ShardHost —

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
    if (this.#shards[shard.index] === shard) this.#shards[shard.index] = undefined;
    this.#due.forget(shard);
  }

  // — placement —

  #place(): void {
    if (this.#isStopped || this.#isDraining || !this.lease.isHeld()) return;
    const mine = this.#rank();
    let marks: Promise<ReadonlyMap<number, Mark>> | undefined;
    const readMarks = () => {
      marks ??= this.ports.views.marks().then((read) => new Map(read.map((mark) => [mark.shard, mark])));
      return marks;
    };
    for (const index of this.#candidates) {
      const shard = this.#shards[index];
      if (shard && !mine.has(index)) this.#handOver(shard);
      else if (!shard && mine.has(index) && !this.#taking.has(index) && !this.#isQuarantined(index)) {
        this.#take(index, readMarks);
      }
    }
  }

  #rank(): ReadonlySet<number> {
    const open = this.lease.openHosts();
    const names = open.join();
    if (this.#ranked.open !== names) {
      const { host } = this.lease.place;
      const mine = new Set(this.#candidates.filter((index) => rankHosts(index, open)[0] === host));
      this.#ranked = { open: names, mine };
    }
    return this.#ranked.mine;
  }

  #take(index: number, readMarks: () => Promise<ReadonlyMap<number, Mark>>): void {
    const shard = new ShardRuntime(index, this);
    const taking = (async () => {
      const outcome = await shard.take((await readMarks()).get(index));
      if (this.#isStopped) return;
      if (outcome.kind !== "quarantined") {
        this.#suspicions.delete(index);
        this.#quarantined.delete(index);
      }
      if (outcome.kind === "taken") {
        this.#shards[index] = shard;
        this.stats.takeovers += 1;
        await this.#due.read(shard);
      } else if (outcome.kind === "quarantined") this.#suspect(index, outcome.reason);
    })();
    const settled = taking
      .catch((cause: unknown) => this.trouble(`Shard ${index} cannot be taken yet`, cause))
      .finally(() => this.#taking.delete(index));
    this.#taking.set(index, { shard, settled });
  }

  /** H2: a replica that lags looks like a loss; only a log that says so all the time is believed. */
  #suspect(index: number, reason: string): void {
    const nowMs = this.ports.clock.monotonicMs();
    const sinceMs = this.#suspicions.get(index) ?? nowMs;
    this.#suspicions.set(index, sinceMs);
    if (nowMs - sinceMs < quarantineAfterMs) return;
    const known = this.#quarantined.get(index);
    this.#quarantined.set(index, { reason, lookAgainMs: nowMs + quarantineLookMs });
    if (!known) this.trouble(`Shard ${index} is quarantined: ${reason}`, undefined);
  }

  #isQuarantined(index: number): boolean {
    const quarantined = this.#quarantined.get(index);
    return quarantined !== undefined && this.ports.clock.monotonicMs() < quarantined.lookAgainMs;
  }

  #handOver(shard: ShardRuntime): void {
    const nowMs = this.ports.clock.monotonicMs();
    const lastMs = this.#givenUpMs.get(shard.index);
    if (lastMs !== undefined && nowMs - lastMs < handOverPauseMs) return;
    this.#givenUpMs.set(shard.index, nowMs);
    shard.drain();
    const finish = () => {
      if (this.#shards[shard.index] !== shard || this.#isStopped) return;
      const isLate = this.ports.clock.monotonicMs() - nowMs > handOverMsMax;
      if (!(isLate ? shard.isQuiet : shard.isSettled)) {
        this.projector.touch(shard);
        this.ports.clock.after(this.limits.retryMinMs, finish);
        return;
      }
      void shard.log.release().then(() => {
        shard.close();
        this.onLost(shard);
      });
    };
    finish();
  }

  // — upkeep —

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const shard of dirty) {
      shard.isDirty = false;
      shard.log.flush();
    }
  }

  /** Puts idle actors to sleep: after `passivateAfterMs`, and beyond `maxActivations` the longest idle first. */
  #passivate(): void {
    const nowMs = this.ports.clock.nowMs();
    const idle: { shard: ShardRuntime; activation: Activation }[] = [];
    for (const shard of this.#shards) {
      if (!shard) continue;
      for (const activation of shard.activations.values()) if (activation.isIdle) idle.push({ shard, activation });
    }
    const surplus = this.stats.activations - this.limits.maxActivations;
    if (surplus > 0) idle.sort((a, b) => a.activation.lastUsedMs - b.activation.lastUsedMs);
    idle.forEach(({ shard, activation }, i) => {
      if (i >= surplus && nowMs - activation.lastUsedMs < this.limits.passivateAfterMs) return;
      shard.forget(activation);
      this.stats.passivations += 1;
    });
  }

  #readDue(): void {
    for (const shard of this.#shards) if (shard?.isLive) void this.#due.read(shard);
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
