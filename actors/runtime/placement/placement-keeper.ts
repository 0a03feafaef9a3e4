// Takes the shards that this host should own, and hands over those that another host should own.
// placement/take: a shard is taken only while the lease is held, by the first-ranked open host, over the log of an owner that
//     released it or is gone; the log decides. One exception: a shard whose last commit may be ours without our knowing it is
//     looked at until the log tells, as no other host may take it while this one lives.
// placement/damage: a shard whose log lost data is quarantined and reported, never restarted (J1).
// placement/waiting: calls for a shard that is about to be ours wait here until it is (waiting-calls.ts).
import type { Answer } from "../calls/replies.ts";
import type { Invocation } from "../invocation.ts";
import type { HostLease } from "../lease/lease.ts";
import { MarksReader } from "../log/marks-reader.ts";
import type { TakeOutcome } from "../log/outcomes.ts";
import type { Clock, Views } from "../ports.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";
import type { RuntimeStats } from "../stats.ts";
import { HandOver } from "./hand-over.ts";
import { LogEnds } from "./log-ends.ts";
import { Quarantine } from "./quarantine.ts";
import { Ranking } from "./ranking.ts";
import { Unowned } from "./unowned.ts";
import { WaitingCalls } from "./waiting-calls.ts";

/** A shard handed over to a better-ranked host is not handed over again sooner: shards do not go to and fro. */
const handOverPauseMs = 30_000;
/** Shards taken at once: at a start a host takes all, and the log's leader must answer each in time. */
const takenAtOnce = 32;
/** A shard that calls wait for is looked at so often. */
const lookEveryMs = 10;
/** After a look that failed: the log or the views are away. */
const failedLookMs = 100;
/** Calls wait so long for a shard of a host that stays: it may be handing the shard to us. */
const stayingWaitMsMax = 60;
/** A shard of an open host that no call waits for is looked at so often; one of a leaving host more often. */
const keptLookMs = 500;
const leavingLookMs = 100;

interface PlacementDeps {
  readonly clock: Clock;
  readonly views: Pick<Views, "marks">;
  readonly lease: HostLease;
  readonly stats: RuntimeStats;
  readonly projector: { hurry(forMs: number): void };
  /** The shards that this host considers. */
  readonly candidates: readonly number[];
  createShard(index: number): ShardRuntime;
  /** A call that waited for a shard that is here now. */
  accept(invocation: Invocation, answer: Answer): void;
  onTaken(shard: ShardRuntime): void;
  /** The shard was handed over. */
  onReleased(shard: ShardRuntime): void;
  reportError(message: string, cause: unknown): void;
}

export class PlacementKeeper {
  readonly shards = new Map<number, ShardRuntime>();
  #deps: PlacementDeps;
  #ranking: Ranking;
  #marks: MarksReader;
  #handOver: HandOver;
  #quarantine: Quarantine;
  #unowned: Unowned;
  #ends = new LogEnds();
  #calls: WaitingCalls;
  #taking = new Map<number, { shard: ShardRuntime; settled: Promise<void> }>();
  /** Shards that wait for their turn to be taken. */
  #missing: number[] = [];
  /** Shards that are looked at again in a moment, as calls wait for them. */
  #looks = new Set<number>();
  #lookedMs = new Map<number, number>();
  /** By shard: the boot that owned it at the last look. */
  #keptBy = new Map<number, string>();
  #handedOverMs = new Map<number, number>();
  /** By caller of `settled`: the shards that it waits for. */
  #rounds = new Set<Set<number>>();
  #isStopped = false;

  constructor(deps: PlacementDeps) {
    this.#deps = deps;
    const { clock, lease, projector } = deps;
    const report = (message: string) => deps.reportError(message, undefined);
    this.#ranking = new Ranking(deps.candidates, lease);
    this.#marks = new MarksReader(deps.views, clock);
    this.#quarantine = new Quarantine(clock, report);
    this.#unowned = new Unowned(clock, report);
    this.#calls = new WaitingCalls(clock);
    this.#handOver = new HandOver({
      ...{ clock, projector },
      openHosts: () => lease.openHosts(),
      isHere: (shard) => this.shards.get(shard.index) === shard && !this.#isStopped,
      onReleased: (shard) => {
        this.forget(shard);
        deps.onReleased(shard);
      },
    });
  }

  get taking(): number {
    return this.#taking.size;
  }
  get quarantined(): { shard: number; reason: string }[] {
    return this.#quarantine.shards;
  }

  /** Resolves when every shard that should be taken now was tried: those that stay another host's are tried for ever. */
  async settled(): Promise<void> {
    const open = new Set([...this.#missing, ...this.#taking.keys()]);
    this.#rounds.add(open);
    while (open.size > 0 && this.#taking.size > 0) {
      await Promise.race([...this.#taking.values()].map(({ settled }) => settled));
    }
    this.#rounds.delete(open);
  }

  /** Called often: starts what is to be done, and waits for nothing (placement/take). */
  place(): void {
    if (this.#isStopped || !this.#deps.lease.isHeld()) return;
    const { ours } = this.#ranking;
    const missing: number[] = [];
    for (const index of this.#deps.candidates) {
      const shard = this.shards.get(index);
      const isOurs = ours.has(index);
      if (shard?.isLive || !isOurs || this.#isKept(index)) this.#unowned.forget(index);
      else this.#unowned.note(index);
      if (shard && !isOurs) this.#handHome(shard);
      else if (!shard && (isOurs || this.#ends.isUnresolved(index)) && this.#isWorthALook(index)) missing.push(index);
    }
    // Longest not looked at first: shards that are still another host's do not keep the others waiting.
    this.#missing = missing.sort((a, b) => this.#lookedAt(a) - this.#lookedAt(b));
    // A shard that is another host's by now is not waited for by `settled`.
    for (const open of this.#rounds) {
      for (const index of open) if (!missing.includes(index) && !this.#taking.has(index)) open.delete(index);
    }
    this.#takeNext();
  }

  /** Lets a call wait for its shard (placement/waiting). False: the shard is another host's. */
  hold(index: number, invocation: Invocation, answer: Answer): boolean {
    if (!this.#mayTake(index) || !this.#calls.add(index, invocation, answer)) return false;
    this.#look(index);
    return true;
  }

  /** Hands over every shard, also those that were being taken when this host retired; a few at a time. */
  async handOverAll(): Promise<void> {
    this.#missing = [];
    do {
      await this.#handOver.handOverAll([...this.shards.values()]);
      await Promise.all([...this.#taking.values()].map(({ settled }) => settled));
    } while (this.shards.size > 0 && !this.#isStopped);
  }

  /** Resolves when all hosts leave: then no host is left to take shards. */
  untilAlone(): Promise<void> {
    return this.#handOver.untilAlone(() => this.#isStopped);
  }

  /** The shard was lost or handed over. */
  forget(shard: ShardRuntime): void {
    this.#ends.noteLost(shard.log);
    if (this.shards.get(shard.index) === shard) this.shards.delete(shard.index);
  }

  stop(): void {
    this.#isStopped = true;
    this.#calls.refuseAll();
    for (const shard of [...this.shards.values(), ...[...this.#taking.values()].map(({ shard }) => shard)]) {
      shard.log.stop();
      shard.close();
    }
    this.shards.clear();
  }

  /** Is the shard owned by a host that stays? That host hands it over when it may. */
  #isKept(index: number): boolean {
    const owner = this.#keptBy.get(index);
    return owner !== undefined && this.#deps.lease.isStaying(owner);
  }

  #isWorthALook(index: number): boolean {
    if (this.#quarantine.holds(index)) return false;
    const owner = this.#keptBy.get(index);
    const { lease, clock } = this.#deps;
    if (owner === undefined || lease.mayFence(owner)) return true;
    const everyMs = lease.isStaying(owner) ? keptLookMs : leavingLookMs;
    return clock.monotonicMs() - this.#lookedAt(index) >= everyMs;
  }

  #takeNext(): void {
    while (this.#taking.size < takenAtOnce && !this.#isStopped) {
      const index = this.#missing.shift();
      if (index === undefined) return;
      if (!this.shards.has(index) && !this.#taking.has(index)) this.#take(index);
    }
  }

  #lookedAt(index: number): number {
    return this.#lookedMs.get(index) ?? Number.NEGATIVE_INFINITY;
  }

  #mayTake(index: number): boolean {
    if (this.#isStopped || this.#quarantine.holds(index)) return false;
    return this.#deps.lease.isHeld() && this.#ranking.ours.has(index);
  }

  #look(index: number): void {
    if (this.#taking.has(index) || this.#looks.has(index)) return;
    const { clock } = this.#deps;
    const leftMs = this.#lookedAt(index) + lookEveryMs - clock.monotonicMs();
    if (leftMs <= 0) {
      this.#take(index);
      return;
    }
    this.#looks.add(index);
    clock.after(leftMs, () => {
      this.#looks.delete(index);
      this.#lookAgain(index);
    });
  }

  #lookAgain(index: number): void {
    if (this.#calls.waitedMs(index) === undefined || this.shards.has(index)) return;
    if (this.#mayTake(index)) this.#look(index);
    else this.#calls.refuse(index);
  }

  /** After a try, for the calls that wait. `outcome` undefined: the try failed. */
  #letWait(index: number, outcome: TakeOutcome | undefined): void {
    const waitedMs = this.#calls.waitedMs(index);
    if (waitedMs === undefined) return;
    const owner = outcome?.kind === "refused" ? outcome.owner : undefined;
    const isStaying = owner !== undefined && this.#deps.lease.isStaying(owner);
    if (outcome?.kind === "quarantined" || (isStaying && waitedMs >= stayingWaitMsMax)) this.#calls.refuse(index);
    else if (outcome) this.#lookAgain(index);
    else this.#deps.clock.after(failedLookMs, () => this.#lookAgain(index));
  }

  #take(index: number): void {
    this.#lookedMs.set(index, this.#deps.clock.monotonicMs());
    this.#unowned.looked(index, "a take is under way");
    const shard = this.#deps.createShard(index);
    const settled = this.#tryTake(shard)
      .catch((cause: unknown) => {
        this.#deps.reportError(`shard ${index} cannot be taken yet`, cause);
        this.#unowned.looked(index, String(cause));
        return undefined;
      })
      .then((outcome) => {
        this.#taking.delete(index);
        for (const open of this.#rounds) open.delete(index);
        this.#letWait(index, outcome);
        this.#takeNext();
      });
    this.#taking.set(index, { shard, settled });
  }

  async #tryTake(shard: ShardRuntime): Promise<TakeOutcome> {
    const { index } = shard;
    const isOurs = this.#ranking.ours.has(index);
    const outcome = await shard.take(() => this.#marks.read(index), isOurs, this.#ends.known(index));
    if (this.#isStopped) return outcome;
    this.#ends.noteTake(shard.log, outcome);
    const owner = outcome.kind === "refused" ? outcome.owner : undefined;
    const why = ("reason" in outcome ? outcome.reason : undefined) ?? `its owner is ${owner ?? "unknown"}`;
    this.#unowned.looked(index, `the last take was ${outcome.kind}: ${why}`);
    if (owner === undefined) this.#keptBy.delete(index);
    else this.#keptBy.set(index, owner);
    if (outcome.kind === "quarantined") this.#quarantine.suspect(index, outcome.reason);
    else this.#quarantine.clear(index);
    if (outcome.kind === "taken") this.#taken(shard);
    return outcome;
  }

  #taken(shard: ShardRuntime): void {
    this.shards.set(shard.index, shard);
    this.#deps.stats.takeovers += 1;
    this.#deps.onTaken(shard);
    for (const { invocation, answer } of this.#calls.release(shard.index)) {
      try {
        this.#deps.accept(invocation, answer);
      } catch (cause) {
        // An actor kind that only newer hosts know: the other calls have their turn.
        answer({ kind: "failed", error: "unknown_method", message: String(cause) });
      }
    }
  }

  #handHome(shard: ShardRuntime): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const lastMs = this.#handedOverMs.get(shard.index);
    if (lastMs !== undefined && nowMs - lastMs < handOverPauseMs) return;
    this.#handedOverMs.set(shard.index, nowMs);
    void this.#handOver.handOver(shard, () => !this.#ranking.ours.has(shard.index));
  }
}
