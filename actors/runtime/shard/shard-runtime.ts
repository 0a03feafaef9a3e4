// A shard that this host owns: its log, its actors, its outbox, its tail.
// shard/load: an actor is its snapshot, the views' records after it, the tail in memory and what is undecided; no record is
//     missed while the projector moves.
// shard/lost: when the shard is lost every activation of it is dropped, and no output leaves.
// shard/replay: what follows from inherited commits (notifications, outbox, rows, heads) is done again.
import type { Gate } from "../../shared/gate.ts";
import { Activation, dueMethod } from "../actor/activation.ts";
import type { ActiveActor, ActorRules, ActorShard } from "../actor/actor-shard.ts";
import { type FoldedActor, foldActor } from "../actor/fold-actor.ts";
import { rowsOfRecord } from "../actor/record-effects.ts";
import type { OutboxDeps } from "../calls/outbox.ts";
import { type Answer, notOwner } from "../calls/replies.ts";
import type { AnyBehaviour } from "../contract.ts";
import type { Head } from "../head.ts";
import type { Invocation } from "../invocation.ts";
import type { Address, Kind } from "../kinds.ts";
import type { HostLease } from "../lease/lease.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { DecidedRecord } from "../log/decided-record.ts";
import type { HeadsWriter } from "../log/heads-writer.ts";
import type { LogRules } from "../log/log-rules.ts";
import type { LoggedCommit, TakeOutcome } from "../log/outcomes.ts";
import type { ProjectedShard, Projector, TrackedCommit } from "../log/projector.ts";
import { ShardLog } from "../log/shard-log.ts";
import type { Clock, Journal, Mark, NotificationSink, Row, Views } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import type { RuntimeStats } from "../stats.ts";
import { Outputs } from "./outputs.ts";
import { Replay } from "./replay.ts";
import type { ShardRules } from "./shard-rules.ts";
import { ShardTail } from "./shard-tail.ts";

export interface ShardDeps {
  readonly journal: Journal;
  readonly views: Views;
  readonly sink: NotificationSink;
  readonly clock: Clock;
  readonly limits: RuntimeLimits;
  readonly stats: RuntimeStats;
  readonly rules: LogRules & ActorRules & ShardRules;
  readonly lease: HostLease;
  readonly projector: Projector;
  readonly headsWriter: HeadsWriter;
  /** Actors that are read because a caller waits for them. */
  readonly loads: Gate;
  /** Actors that are read for a replay. */
  readonly replays: Gate;
  behaviourOf(kind: Kind): AnyBehaviour;
  /** A number that this process never used before: part of a commit's id (J4). */
  nextCommitNumber(): number;
  /** Asks for `log.flush()` at the end of this tick. */
  scheduleFlush(shard: ShardRuntime): void;
  scheduleDue(shard: ShardRuntime, address: Address, dueMs: number): void;
  readonly deliver: OutboxDeps["deliver"];
  readonly ask: ActorShard["ask"];
  readonly deadLetter: ActorShard["deadLetter"];
  reportError(message: string, cause: unknown): void;
  /** Another owner's commit is last in the log. */
  onLost(shard: ShardRuntime): void;
}

/** Which commands a shard refuses: none; those of users, so that its tail can empty; or those of other actors, too. */
type Refusal = "none" | "users" | "all";

export class ShardRuntime implements ProjectedShard {
  readonly index: number;
  readonly log: ShardLog;
  readonly activations = new Map<string, Activation>();
  /** A flush is scheduled. */
  isDirty = false;
  #deps: ShardDeps;
  #tail: ShardTail;
  #outputs: Outputs;
  /** What the shard's activations need of it. */
  #actorShard: ActorShard;
  #refusal: Refusal = "none";

  constructor(index: number, deps: ShardDeps) {
    this.index = index;
    this.#deps = deps;
    const { journal, clock, limits, rules, lease, projector, deliver, reportError } = deps;
    this.log = new ShardLog(index, {
      ...{ journal, clock, limits, rules, reportError, place: lease.place },
      nextNumber: () => deps.nextCommitNumber(),
      isPresent: (boot) => lease.isPresent(boot),
      onCommitted: (commit) => this.#committed(commit),
      onLost: () => this.#lost(),
    });
    this.#tail = new ShardTail({
      ...{ shard: index, clock, limits, deliver, reportError },
      project: (commit) => projector.add(this, commit),
      touch: () => projector.touch(this),
      reappend: (entries, bytes, output) => {
        deps.stats.reappended += entries.length;
        this.log.reappend(entries, bytes, output);
        deps.scheduleFlush(this);
      },
    });
    const { stats, sink, ask, deadLetter } = deps;
    this.#outputs = new Outputs({
      ...{ log: this.log, clock, limits, rules, stats, sink, lease, reportError },
      addRows: (rows) => projector.addRows(rows),
      scheduleDue: (address, dueMs) => deps.scheduleDue(this, address, dueMs),
      scheduleFlush: () => deps.scheduleFlush(this),
    });
    this.#actorShard = {
      ...{ clock, limits, stats, rules, ask, deadLetter, reportError },
      loadInTurn: ({ address }, isWanted) => deps.loads.run(async () => (isWanted() ? this.#load(address) : undefined)),
      tailOf: (address) => this.tailOf(address),
      stamp: () => this.log.stamps.next(clock.nowMs()),
      gateReply: (answer, reply, notifications) => this.#outputs.gateReply(answer, reply, notifications),
      decided: (actor, decided, outcome) => this.#outputs.decided(actor, decided, outcome),
      forget: (actor) => this.forget(actor),
    };
  }

  get tail(): readonly TrackedCommit[] {
    return this.#tail.commits;
  }
  get isLive(): boolean {
    return this.log.isOwned;
  }
  /** No turn runs and nothing is undecided: a release now refuses no caller. */
  get isQuiet(): boolean {
    return !this.log.hasUndecided && [...this.activations.values()].every(({ isIdle }) => isIdle);
  }
  /** Quiet, and the next owner has nothing to do again. */
  get isSettled(): boolean {
    return this.#tail.commits.length === 0 && this.isQuiet;
  }

  /**
   * Takes the shard. `isOurs`: this host is first in rank; otherwise it takes only a shard that it may own without knowing.
   * `knownEnd`: a sequence that this host has seen in the log.
   */
  async take(readMark: () => Promise<Mark | undefined>, isOurs: boolean, knownEnd = 0): Promise<TakeOutcome> {
    const { lease } = this.#deps;
    // After a commit of our own: this host lost sight of the shard, and no other host may take it while this one lives.
    const mayTake = (boot?: string) =>
      boot === lease.place.boot || (isOurs && (boot === undefined || lease.mayFence(boot)));
    const outcome = await this.log.take(readMark, mayTake, knownEnd);
    if (outcome.kind === "taken") this.#replay(outcome.inherited);
    return outcome;
  }

  accept(invocation: Invocation, answer: Answer): void {
    const { to, from } = invocation;
    if (!this.log.isOwned || this.#refusal === "all" || (this.#refusal === "users" && !from)) {
      answer(notOwner(to));
      return;
    }
    if (!from && this.#tail.bytes + this.log.undecidedBytes > this.#deps.limits.maxTailBytesPerShard) {
      this.#deps.stats.overloads += 1;
      answer({ kind: "failed", error: "overloaded", message: `Shard ${this.index} is ahead of its views` });
      return;
    }
    this.activate(to).accept(invocation, answer);
  }

  activate(address: Address): Activation {
    const id = idOf(address);
    let activation = this.activations.get(id);
    if (!activation) {
      activation = new Activation(address, this.#deps.behaviourOf(address.kind), this.#actorShard);
      this.activations.set(id, activation);
      this.#deps.stats.activations += 1;
    }
    return activation;
  }

  forget(actor: ActiveActor): void {
    const id = idOf(actor.address);
    if (this.activations.get(id) !== actor) return;
    this.activations.delete(id);
    this.#deps.stats.activations -= 1;
  }

  /** Runs what is due at the actor. */
  wake(address: Address): void {
    const { clock, limits, scheduleDue } = this.#deps;
    const nowMs = clock.nowMs();
    const deadlineMs = nowMs + limits.defaultCallTimeoutMs;
    const actorNow = () => this.activations.get(idOf(address));
    const nBefore = actorNow()?.folded?.n;
    this.accept({ to: address, method: dueMethod, input: null, deadlineMs }, (reply) => {
      const { dueMs = 0, folded } = actorNow() ?? {};
      const isStuck = reply.kind !== "ok" || (dueMs > 0 && folded?.n === nBefore);
      // The due-index keeps one timer, the earliest: the due time may have moved to later since that timer was set.
      if (dueMs > nowMs) scheduleDue(this, address, dueMs);
      else if (isStuck) scheduleDue(this, address, nowMs + limits.dueHorizonMs);
      // The actor has more to do than fits into one turn.
      else if (dueMs > 0) scheduleDue(this, address, nowMs + limits.retryMinMs);
    });
  }

  /** shard/load */
  #load(address: Address, untilN?: number): Promise<FoldedActor> {
    const { views, limits, behaviourOf } = this.#deps;
    return foldActor(address, behaviourOf(address.kind), { views, limits, tail: () => this.tailOf(address) }, untilN);
  }

  tailOf({ kind, key }: Address): ActorRecord[] {
    const found: ActorRecord[] = [];
    const collect = (records: Iterable<DecidedRecord>) => {
      for (const { record } of records) if (record.key === key && record.kind === kind) found.push(record);
    };
    for (const { logged } of this.#tail.commits) collect(logged.records);
    collect(this.log.undecided());
    return found;
  }

  rowsOf({ logged }: TrackedCommit): Row[] {
    return logged.records.flatMap((decided) => rowsOfRecord(this.#deps, this.#deps.behaviourOf, decided));
  }

  advance(mark: Mark): void {
    this.#tail.advance(mark);
  }

  #committed(logged: LoggedCommit): void {
    this.#deps.stats.commits += 1;
    this.#deps.stats.records += logged.records.length;
    this.#deps.stats.journaledBytes += logged.bytes;
    const heads = new Map<string, Head>();
    for (const { record, head } of logged.records) if (head) heads.set(record.key, head);
    if (heads.size > 0) this.#deps.headsWriter.put(this, heads);
    this.#tail.add(logged);
  }

  #replay(inherited: readonly LoggedCommit[]): void {
    const { clock, stats, limits, projector, headsWriter, replays, behaviourOf, scheduleDue, rules } = this.#deps;
    const { reportError } = this.#deps;
    const commits = this.#tail.inherit(rules.commitsToReplay(inherited));
    const replay = new Replay(
      {
        ...{ shard: this.index, clock, stats, retryMs: limits.retryMaxMs, behaviourOf, reportError },
        isLive: () => this.isLive,
        inTurn: (work) => replays.run(work),
        load: (address, untilN) => this.#load(address, untilN),
        putHeads: (heads) => headsWriter.put(this, heads),
        publish: (notifications) => this.#outputs.publish(notifications),
        addRows: (rows) => projector.addRows(rows),
        scheduleDue: (address, dueMs) => scheduleDue(this, address, dueMs),
        onDone: () => projector.touch(this),
      },
      commits,
    );
    replay.start();
  }

  refuse(refusal: Refusal): void {
    this.#refusal = refusal;
  }

  /** shard/lost */
  #lost(): void {
    this.#deps.stats.fencedOff += 1;
    this.close();
    this.#deps.onLost(this);
  }

  close(): void {
    this.#deps.stats.activations -= this.activations.size;
    for (const activation of this.activations.values()) activation.drop();
    this.activations.clear();
    this.#tail.close();
  }
}

function idOf({ kind, key }: Address): string {
  return `${kind}/${key}`;
}
