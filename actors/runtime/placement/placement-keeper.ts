// Takes the shards that are this host's to own, and gives back those that are another's.
// H1: a shard is taken only while the lease is held, by the first-ranked open host, over a released or dead owner's log.
//     The log decides: one whose last commit may be ours, without our knowing, is looked at until that is settled, for
//     nobody else may take it while we live.
// H2: a shard whose log lost data is quarantined and reported, never restarted: also one that ends before what this host
//     has seen in it.
// H3: who calls for a shard that is about to be ours waits here until it is (held-calls.ts).

import type { Answer } from "../calls/replies.ts";
import type { Invocation } from "../invocation.ts";
import { MarksReader } from "../log/marks-reader.ts";
import type { TakeOutcome } from "../log/outcomes.ts";
import { ShardRuntime } from "../shard/shard-runtime.ts";
import type { ShardHost } from "../shard-host.ts";
import { rankHosts } from "../sharding.ts";
import { HandOver } from "./hand-over.ts";
import { Quarantine } from "./quarantine.ts";
import { Unowned } from "./unowned.ts";
import { HeldCalls } from "./waiting-calls.ts";

/** A shard given up to a better-ranked host is not taken back by placement sooner. */
const handOverPauseMs = 30_000;
/** Shards taken at once: at a start a host takes all, and the log's leader must answer each in time. */
const takenAtOnce = 32;
/** A shard that somebody waits for is looked at so often. */
const lookEveryMs = 10;
/** After a look that failed: the log or the views are away. */
const failedLookMs = 100;
/** Its owner may be handing it to us: a shard that stays another's is not waited for any longer (H3). */
const stayingMsMax = 60;
/** What an open host owns, and nobody calls us for, is looked at so often: one that leaves gives it up soon. */
const keptLookMs = 500;
const leavingLookMs = 100;

export class PlacementKeeper {
  readonly shards = new Map<number, ShardRuntime>();
  #host: ShardHost;
  #candidates: readonly number[];
  #onTaken: (shard: ShardRuntime) => void;
  #held: HeldCalls;
  /** Shards that are looked at again in a moment. */
  #looks = new Set<number>();
  #taking = new Map<number, { shard: ShardRuntime; settled: Promise<void> }>();
  /** H2 */
  #quarantine: Quarantine;
  #unowned: Unowned;
  #givenUpMs = new Map<number, number>();
  /** H2: how far the log of a shard went when it was here last. */
  #knownEnds = new Map<number, number>();
  /** By shard: behind this sequence a commit of ours may stand (H1). */
  #doubts = new Map<number, number>();
  /** Shards that are this host's among the hosts named in `open`. */
  #ranked: { open: string; mine: ReadonlySet<number> } = { open: "", mine: new Set() };
  #marks: MarksReader;
  #lookedMs = new Map<number, number>();
  /** The boot that owned the shard when we looked last. */
  #keptBy = new Map<number, string>();
  /** Waiting for their turn to be taken. */
  #missing: number[] = [];
  /** Shards that somebody waits for (`settled`). */
  #rounds = new Set<Set<number>>();
  #handOver: HandOver;
  #isStopped = false;

  constructor(host: ShardHost, candidates: readonly number[], onTaken: (shard: ShardRuntime) => void) {
    this.#host = host;
    this.#held = new HeldCalls(host.ports.clock);
    this.#marks = new MarksReader(host.ports);
    this.#handOver = new HandOver(host, (shard) => this.shards.get(shard.index) === shard && !this.#isStopped);
    const report = (message: string) => host.trouble(message, undefined);
    this.#quarantine = new Quarantine(host.ports.clock, report);
    this.#unowned = new Unowned(host.ports.clock, report);
    this.#candidates = candidates;
    this.#onTaken = onTaken;
  }

  get taking(): number {
    return this.#taking.size;
  }
  get quarantined(): { shard: number; reason: string }[] {
    return this.#quarantine.shards;
  }

  /** Resolves when every shard that is to be taken now has been decided: those that stay another's are tried for ever. */
  async settled(): Promise<void> {
    const open = new Set([...this.#missing, ...this.#taking.keys()]);
    this.#rounds.add(open);
    while (open.size > 0 && this.#taking.size > 0) {
      await Promise.race([...this.#taking.values()].map(({ settled }) => settled));
    }
    this.#rounds.delete(open);
  }

  /** H1. Called often: it starts what is to be done and waits for nothing. */
  place(): void {
    if (this.#isStopped || !this.#host.lease.isHeld()) return;
    const mine = this.#rank();
    const missing: number[] = [];
    for (const index of this.#candidates) {
      const shard = this.shards.get(index);
      if (shard?.isLive || !mine.has(index) || this.#isKept(index)) this.#unowned.forget(index);
      else this.#unowned.note(index);
      if (shard && !mine.has(index)) this.#giveHome(shard);
      else if (!shard && (mine.has(index) || this.#doubts.has(index)) && this.#isWorthALook(index)) missing.push(index);
    }
    // Longest not looked at first: shards that are still another's do not keep the others waiting.
    this.#missing = missing.sort((a, b) => this.#lookedAt(a) - this.#lookedAt(b));
    // What is another's by now is not looked at any more.
    for (const open of this.#rounds) {
      for (const index of open) if (!missing.includes(index) && !this.#taking.has(index)) open.delete(index);
    }
    this.#takeNext();
  }

  /** By a host that stays: it gives it back when it may. */
  #isKept(index: number): boolean {
    const owner = this.#keptBy.get(index);
    return owner !== undefined && this.#host.lease.isStaying(owner);
  }

  #isWorthALook(index: number): boolean {
    if (this.#quarantine.holds(index)) return false;
    const owner = this.#keptBy.get(index);
    const { lease, ports } = this.#host;
    if (owner === undefined || lease.mayFence(owner)) return true;
    const everyMs = lease.isStaying(owner) ? keptLookMs : leavingLookMs;
    return ports.clock.monotonicMs() - this.#lookedAt(index) >= everyMs;
  }

  #takeNext(): void {
    while (this.#taking.size < takenAtOnce && !this.#isStopped) {
      const index = this.#missing.shift();
      if (index === undefined) return;
      if (!this.shards.has(index) && !this.#taking.has(index)) this.#take(index, this.#rank().has(index));
    }
  }

  #lookedAt(index: number): number {
    return this.#lookedMs.get(index) ?? Number.NEGATIVE_INFINITY;
  }

  /** H3: a call for a shard that is not here. False: it is another's. */
  hold(index: number, invocation: Invocation, answer: Answer): boolean {
    if (!this.#mayTake(index) || !this.#held.hold(index, invocation, answer)) return false;
    this.#look(index);
    return true;
  }

  #mayTake(index: number): boolean {
    if (this.#isStopped || this.#quarantine.holds(index)) return false;
    return this.#host.lease.isHeld() && this.#rank().has(index);
  }

  #look(index: number): void {
    if (this.#taking.has(index) || this.#looks.has(index)) return;
    const { clock } = this.#host.ports;
    const leftMs = this.#lookedAt(index) + lookEveryMs - clock.monotonicMs();
    if (leftMs <= 0) {
      this.#take(index, true);
      return;
    }
    this.#looks.add(index);
    clock.after(leftMs, () => {
      this.#looks.delete(index);
      this.#lookAgain(index);
    });
  }

  #lookAgain(index: number): void {
    if (this.#held.waitedMs(index) === undefined || this.shards.has(index)) return;
    if (this.#mayTake(index)) this.#look(index);
    else this.#held.refuse(index);
  }

  /** H3: the shard is not here yet. */
  #waitOn(index: number, outcome: TakeOutcome | undefined): void {
    const waitedMs = this.#held.waitedMs(index);
    if (waitedMs === undefined) return;
    const owner = outcome?.kind === "refused" ? outcome.owner : undefined;
    const isStaying = owner !== undefined && this.#host.lease.isStaying(owner);
    if (outcome?.kind === "quarantined" || (isStaying && waitedMs >= stayingMsMax)) this.#held.refuse(index);
    else if (outcome) this.#lookAgain(index);
    else this.#host.ports.clock.after(failedLookMs, () => this.#lookAgain(index));
  }

  /** Every shard, also what was being taken when we retired; a few at a time. */
  async giveUpAll(): Promise<void> {
    this.#missing = [];
    do {
      await this.#handOver.giveUpAll([...this.shards.values()]);
      await Promise.all([...this.#taking.values()].map(({ settled }) => settled));
    } while (this.shards.size > 0 && !this.#isStopped);
  }

  /** Resolves when all hosts leave: nobody is waited for then. */
  untilAlone(): Promise<void> {
    return this.#handOver.untilAlone(() => this.#isStopped);
  }

  forget(shard: ShardRuntime): void {
    this.#noteDoubt(shard);
    this.#knownEnds.set(shard.index, Math.max(shard.log.lastSequence, this.#knownEnds.get(shard.index) ?? 0));
    if (this.shards.get(shard.index) === shard) this.shards.delete(shard.index);
  }

  stop(): void {
    this.#isStopped = true;
    this.#held.refuseAll();
    for (const shard of [...this.shards.values(), ...[...this.#taking.values()].map((taking) => taking.shard)]) {
      shard.log.stop();
      shard.close();
    }
    this.shards.clear();
  }

  #rank(): ReadonlySet<number> {
    const { lease } = this.#host;
    const open = lease.openHosts();
    const names = open.join();
    if (this.#ranked.open !== names) {
      const { host } = lease.place;
      const mine = new Set(this.#candidates.filter((index) => rankHosts(index, open)[0] === host));
      this.#ranked = { open: names, mine };
    }
    return this.#ranked.mine;
  }

  #take(index: number, isOurs: boolean): void {
    this.#lookedMs.set(index, this.#host.ports.clock.monotonicMs());
    this.#unowned.looked(index, "a take is under way");
    const shard = new ShardRuntime(index, this.#host);
    const taking = (async () => {
      const outcome = await shard.take(() => this.#marks.read(index), isOurs, this.#knownEnds.get(index));
      if (this.#isStopped) return outcome;
      this.#noteDoubt(shard, outcome);
      const owner = outcome.kind === "refused" ? outcome.owner : undefined;
      const why = "reason" in outcome ? outcome.reason : undefined;
      this.#unowned.looked(index, `the last take was ${outcome.kind}: ${why ?? `its owner is ${owner ?? "unknown"}`}`);
      if (owner === undefined) this.#keptBy.delete(index);
      else this.#keptBy.set(index, owner);
      if (outcome.kind === "quarantined") this.#quarantine.suspect(index, outcome.reason);
      else this.#quarantine.clear(index);
      if (outcome.kind === "taken") this.#taken(shard);
      return outcome;
    })();
    const settled = taking
      .catch((cause: unknown) => {
        this.#host.trouble(`Shard ${index} cannot be taken yet`, cause);
        this.#unowned.looked(index, String(cause));
        return undefined;
      })
      .then((outcome) => {
        this.#taking.delete(index);
        for (const open of this.#rounds) open.delete(index);
        this.#waitOn(index, outcome);
        this.#takeNext();
      });
    this.#taking.set(index, { shard, settled });
  }

  #taken(shard: ShardRuntime): void {
    this.shards.set(shard.index, shard);
    this.#host.stats.takeovers += 1;
    this.#onTaken(shard);
    for (const { invocation, answer } of this.#held.release(shard.index)) {
      try {
        this.#host.accept(invocation, answer);
      } catch (cause) {
        // A kind that only newer hosts know: the others of the line have their turn.
        answer({ kind: "failed", error: "unknown_method", message: String(cause) });
      }
    }
  }

  #noteDoubt({ index, log }: ShardRuntime, outcome?: TakeOutcome): void {
    if (log.doubtfulAfter !== undefined) this.#doubts.set(index, log.doubtfulAfter);
    else if (outcome?.kind === "taken") this.#doubts.delete(index);
    // A log read by a lagging replica settles nothing: it must show what came behind the place in doubt.
    else if (outcome?.kind === "refused" && (outcome.lastSequence ?? 0) > (this.#doubts.get(index) ?? 0)) {
      this.#doubts.delete(index);
    }
  }

  #giveHome(shard: ShardRuntime): void {
    const { clock } = this.#host.ports;
    const nowMs = clock.monotonicMs();
    const lastMs = this.#givenUpMs.get(shard.index);
    if (lastMs !== undefined && nowMs - lastMs < handOverPauseMs) return;
    this.#givenUpMs.set(shard.index, nowMs);
    void this.#handOver.giveHome(shard, () => !this.#rank().has(shard.index));
  }
}
