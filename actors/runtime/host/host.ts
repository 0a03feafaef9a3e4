// One host: the shards it owns, the calls that reach it, its projector, and its part in placement.
import { Gate } from "../../shared/gate.ts";
import { every, sleep } from "../../shared/sleep.ts";
import { waitAtMost } from "../../shared/with-timeout.ts";
import type { Actors } from "../actors.ts";
import { type ActorSystem, createActors } from "../calls/actor-system.ts";
import { type Answer, notOwner } from "../calls/replies.ts";
import type { AnyBehaviour } from "../contract.ts";
import type { Invocation } from "../invocation.ts";
import type { Kind } from "../kinds.ts";
import type { HostLease } from "../lease/lease.ts";
import type { RuntimeLimits } from "../limits.ts";
import { HeadsWriter } from "../log/heads-writer.ts";
import { Projector } from "../log/projector.ts";
import { PlacementKeeper } from "../placement/placement-keeper.ts";
import type { Clock, Heads, HostTransport, Journal, NotificationSink, Random, Views } from "../ports.ts";
import { type ShardDeps, ShardRuntime } from "../shard/shard-runtime.ts";
import { shardCount, shardOf } from "../sharding.ts";
import { createStats, type RuntimeStats } from "../stats.ts";
import { type DeadLetter, DeadLetters } from "./dead-letters.ts";
import { DueIndex } from "./due-index.ts";
import { passivateIdle } from "./passivation.ts";
import { type RuntimeRules, runtimeRules } from "./rules.ts";

interface HostDeps {
  ports: { journal: Journal; views: Views; heads: Heads; sink: NotificationSink; clock: Clock };
  transport: HostTransport;
  random: Random;
  lease: HostLease;
  behaviours: readonly AnyBehaviour[];
  limits: RuntimeLimits;
  /** The shards that this host considers, for tests whose actors live in a few. Default: all. */
  shards?: readonly number[];
  /** Replaced by the simulation only. */
  rules?: Partial<RuntimeRules>;
  /** A failure that is repeated, or whose effect is left out: for the operator. */
  reportError(message: string, cause: unknown): void;
}

export interface Host {
  readonly actors: Actors;
  readonly stats: RuntimeStats;
  /** Commands that crashed their actor, newest last; the oldest of more than 100 go. */
  readonly deadLetters: readonly DeadLetter[];
  /** Shards owned, being taken, and quarantined with the reason. */
  status(): { owned: number; taking: number; quarantined: { shard: number; reason: string }[]; lagBytes: number };
  /** Resolves when every shard that this host should take was tried. */
  start(): Promise<void>;
  /**
   * Hands every shard over to the other hosts, if there are any, and takes none any more. Each shard pauses only while it
   * changes hands; callers at this host go on, served by the others.
   */
  handOver(timeoutMs: number): Promise<void>;
  /** Hands over, finishes accepted calls, empties the tails, and releases the shards that no host took; in `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends at once, as kill -9 would, but for timers. */
  stop(): void;
}

/** So long the other hosts take shards that no call waits for, before the clients of this host come to them. */
const takenOverMs = 200;
/** Due times of a new shard are read after this time: actors that callers wait for are read first. */
const dueReadAfterMs = 1_000;
const passivateEveryMs = 1_000;
/** Inherited actors that are read at once for a replay, of all shards. */
const replaysAtOnce = 32;
const drainLookMs = 20;
/** A release that is under way when the time is up gets so much more. */
const releaseMarginMs = 500;

export function createHost(deps: HostDeps): Host {
  return new HostRuntime(deps);
}

class HostRuntime implements Host {
  readonly stats = createStats();
  readonly actors: ActorSystem;
  #deps: HostDeps;
  #behaviours = new Map<Kind, AnyBehaviour>();
  #projector: Projector;
  #headsWriter: HeadsWriter;
  #placement: PlacementKeeper;
  #due: DueIndex;
  #deadLetters: DeadLetters;
  /** Shards to flush at the end of this tick. */
  #dirty: ShardRuntime[] = [];
  #cancels: (() => void)[] = [];
  #commitNumber = 0;
  #phase: "serving" | "leaving" | "draining" | "stopped" = "serving";

  constructor(deps: HostDeps) {
    this.#deps = deps;
    const { limits, lease } = deps;
    const { views, heads, sink, clock } = deps.ports;
    for (const behaviour of deps.behaviours) this.#behaviours.set(behaviour.contract.kind, behaviour);
    const reportError = (message: string, cause: unknown) => {
      this.stats.errorReports += 1;
      deps.reportError(message, cause);
    };
    this.#deadLetters = new DeadLetters({ clock, stats: this.stats, reportError: deps.reportError });
    const mayWrite = () => lease.isHeld();
    this.#headsWriter = new HeadsWriter({ heads, clock, limits, mayWrite, reportError });
    const headsWritten = () => this.#headsWriter.written();
    this.#projector = new Projector({ views, sink, clock, limits, stats: this.stats, headsWritten, reportError });
    this.#due = new DueIndex({ views, clock, horizonMs: limits.dueHorizonMs, reportError });
    this.actors = this.#createActors();
    this.#placement = this.#createPlacement(this.#createShardDeps(reportError));
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters.all;
  }

  #createActors(): ActorSystem {
    const { transport, random, lease, limits, ports } = this.#deps;
    return createActors({
      ...{ clock: ports.clock, random, limits, transport },
      openHosts: () => lease.openHosts(),
      leavingHosts: () => lease.leavingHosts(),
      isOpen: (host) => lease.isOpen(host),
      local: {
        host: lease.place.host,
        owns: (index) => this.#placement.shards.get(index)?.isLive ?? false,
        accept: (invocation, answer) => this.#accept(invocation, answer),
      },
      onHostsChange: (handler) => lease.onChange(handler),
    });
  }

  #createShardDeps(reportError: ShardDeps["reportError"]): ShardDeps {
    const { limits, lease, ports, rules } = this.#deps;
    const { journal, views, sink, clock } = ports;
    return {
      ...{ journal, views, sink, clock, limits, lease, reportError, stats: this.stats },
      rules: { ...runtimeRules, ...rules },
      projector: this.#projector,
      headsWriter: this.#headsWriter,
      loads: new Gate(limits.maxLoadsAtOnce),
      replays: new Gate(replaysAtOnce),
      behaviourOf: (kind) => this.#behaviourOf(kind),
      nextCommitNumber: () => {
        this.#commitNumber += 1;
        return this.#commitNumber;
      },
      scheduleFlush: (shard) => this.#scheduleFlush(shard),
      scheduleDue: (shard, address, dueMs) => this.#due.schedule(shard, address, dueMs),
      deliver: (entry, from, attempt) => this.actors.deliver(entry, from, attempt),
      ask: (to, key, askedBy) => this.actors.ask(to, key, askedBy),
      deadLetter: (address, { method }, cause) => this.#deadLetters.add(address, method, cause),
      onLost: (shard) => {
        this.#placement.forget(shard);
        this.#due.forget(shard);
      },
    };
  }

  #createPlacement(shardDeps: ShardDeps): PlacementKeeper {
    const { clock, views, lease, projector, stats, reportError } = shardDeps;
    return new PlacementKeeper({
      ...{ clock, views, lease, projector, stats, reportError },
      candidates: this.#deps.shards ?? Array.from({ length: shardCount }, (_, index) => index),
      createShard: (index) => new ShardRuntime(index, shardDeps),
      accept: (invocation, answer) => this.#accept(invocation, answer),
      onTaken: (shard) => clock.after(dueReadAfterMs, () => void this.#due.read(shard)),
      onReleased: (shard) => this.#due.forget(shard),
    });
  }

  status() {
    const { taking, quarantined } = this.#placement;
    const owned = this.#shards().filter(({ isLive }) => isLive).length;
    return { owned, taking, quarantined, lagBytes: this.#projector.lagBytes };
  }

  async start(): Promise<void> {
    const { transport, lease, limits } = this.#deps;
    const answer = (invocation: Invocation) =>
      new Promise<Parameters<Answer>[0]>((resolve) => this.#accept(invocation, resolve));
    this.#cancels.push(transport.serve(lease.place.host, answer));
    lease.onChange(() => this.#place());
    this.#place();
    await this.#placement.settled();
    if (this.#phase === "stopped") return;
    this.#every(limits.placementEveryMs, () => this.#place());
    this.#every(passivateEveryMs, () =>
      passivateIdle(this.#placement.shards.values(), { clock: this.#deps.ports.clock, limits, stats: this.stats }),
    );
    this.#every(limits.dueHorizonMs / 2, () => {
      for (const shard of this.#shards()) if (shard.isLive) void this.#due.read(shard);
    });
  }

  async handOver(timeoutMs: number): Promise<void> {
    const { lease, ports } = this.#deps;
    const hasCompany = lease.openHosts().some((host) => host !== lease.place.host);
    if (!lease.retire || !hasCompany || this.#phase !== "serving") return;
    this.#phase = "leaving";
    if (!(await lease.retire())) return;
    // The hand-over goes on after `timeoutMs`: a host may come, or answer, while this one closes its sockets.
    const handedOver = Promise.race([this.#placement.handOverAll(), this.#placement.untilAlone()]);
    await waitAtMost(ports.clock, timeoutMs, handedOver);
    await sleep(ports.clock, takenOverMs);
  }

  async drain(timeoutMs: number): Promise<void> {
    const { clock } = this.#deps.ports;
    const endMs = clock.monotonicMs() + timeoutMs;
    const leftMs = () => Math.max(0, endMs - clock.monotonicMs());
    await this.handOver(timeoutMs);
    if (this.#phase !== "stopped") this.#phase = "draining";
    for (const shard of this.#shards()) shard.refuse("users");
    while (leftMs() > 0) {
      // Not longer than the time that is left: when the views are away the next owner does the rest.
      await waitAtMost(clock, leftMs(), this.#projector.settled());
      if (this.#shards().every(({ isSettled }) => isSettled)) break;
      await sleep(clock, drainLookMs);
    }
    const released = Promise.all(this.#shards().map((shard) => shard.log.release(shard.isSettled)));
    await waitAtMost(clock, leftMs() + releaseMarginMs, released);
    this.stop();
  }

  stop(): void {
    this.#phase = "stopped";
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#headsWriter.stop();
    this.#projector.stop();
    this.#due.stop();
    this.#placement.stop();
  }

  /** A call for an actor of this host. */
  #accept(invocation: Invocation, answer: Answer): void {
    const isEnding = this.#phase === "draining" || this.#phase === "stopped";
    const index = shardOf(invocation.to.kind, invocation.to.key);
    const shard = this.#placement.shards.get(index);
    if (!shard && !isEnding && this.#placement.hold(index, invocation, answer)) return;
    if (!shard || this.#phase === "stopped" || (isEnding && !invocation.from)) {
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

  /** Why users' commands are refused now (J1, J6). */
  #overload(shard: number): string | undefined {
    const { limits, ports } = this.#deps;
    if (this.#projector.lagBytes > limits.maxTailBytesPerHost) return "The views are too far behind";
    return ports.journal.isCrowded?.(shard) ? "The journal is nearly full" : undefined;
  }

  #behaviourOf(kind: Kind): AnyBehaviour {
    const behaviour = this.#behaviours.get(kind);
    if (!behaviour) throw new Error(`This host has no behaviour for ${kind}`);
    return behaviour;
  }

  #shards(): ShardRuntime[] {
    return [...this.#placement.shards.values()];
  }

  #place(): void {
    if (this.#phase === "serving") this.#placement.place();
  }

  /** One flush per tick: the records that a tick's turns decided go out as one commit per shard. */
  #scheduleFlush(shard: ShardRuntime): void {
    if (shard.isDirty) return;
    shard.isDirty = true;
    if (this.#dirty.push(shard) === 1) this.#deps.ports.clock.soon(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const shard of dirty) {
      shard.isDirty = false;
      shard.log.flush();
    }
  }

  #every(periodMs: number, task: () => void): void {
    this.#cancels.push(every(this.#deps.ports.clock, periodMs, task));
  }
}
