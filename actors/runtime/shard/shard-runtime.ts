// A shard that this host owns: its log, its actors, its outbox, its tail.
// R1: activation = snapshot + records of the views after it + the tail in memory + what is undecided; no record is missed
//     while the projector moves. R2: when ownership is lost every activation of the shard is dropped, and nothing leaves.
// R3: what follows from inherited commits (bell, outbox, rows, heads) is done again: receivers drop by version and watermark.
import type { Notification } from "../../shared/notification.ts";
import { Activation, dueMethod, type Folded, type TurnOutcome } from "../actor/activation.ts";
import { foldActor } from "../actor/fold-actor.ts";
import { dueRow, notificationsOf, rowsOfRecord, snapshotRow, tryEffect } from "../actor/record-effects.ts";
import { type Answer, notOwner } from "../calls/replies.ts";
import type { Ask, Contract } from "../contract.ts";
import type { Head } from "../head.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Address, Kind } from "../kinds.ts";
import type { RuntimeLimits, Weakness } from "../limits.ts";
import type { TakeOutcome } from "../log/outcomes.ts";
import type { ProjectedShard, TrackedCommit } from "../log/projector.ts";
import { type LoggedCommit, ShardLog } from "../log/shard-log.ts";
import type { Clock, Mark, Row } from "../ports.ts";
import type { ActorRecord, EncodedRecord } from "../record.ts";
import type { DecidedRecord, ShardHost } from "../shard-host.ts";
import type { RuntimeStats } from "../stats.ts";
import { Retelling } from "./replay.ts";
import { ShardTail } from "./shard-tail.ts";

export class ShardRuntime implements ProjectedShard {
  readonly index: number;
  readonly log: ShardLog;
  readonly activations = new Map<string, Activation>();
  isDirty = false;
  #host: ShardHost;
  #tail: ShardTail;
  #refuses: "nobody" | "users" | "all" = "nobody";

  constructor(index: number, host: ShardHost) {
    this.index = index;
    this.#host = host;
    const { journal, clock } = host.ports;
    this.log = new ShardLog(index, {
      journal,
      clock,
      place: host.lease.place,
      nextNumber: () => host.nextCommitNumber(),
      limits: host.limits,
      weaknesses: host.weaknesses,
      isPresent: (boot) => host.lease.isPresent(boot),
      onCommitted: (commit) => this.#committed(commit),
      onLost: () => this.#lost(),
      onTrouble: (message, cause) => host.trouble(message, cause),
    });
    this.#tail = new ShardTail(this, host);
  }

  get limits(): RuntimeLimits {
    return this.#host.limits;
  }
  get stats(): RuntimeStats {
    return this.#host.stats;
  }
  get clock(): Clock {
    return this.#host.ports.clock;
  }
  get weaknesses(): ReadonlySet<Weakness> {
    return this.#host.weaknesses;
  }
  get tail(): readonly TrackedCommit[] {
    return this.#tail.commits;
  }
  get isLive(): boolean {
    return this.log.isOwned;
  }
  /** Nothing runs and nothing is undecided: giving the shard up now refuses nobody. */
  get isQuiet(): boolean {
    return !this.log.hasUndecided && [...this.activations.values()].every(({ isIdle }) => isIdle);
  }
  /** Quiet, and the next owner has nothing to do again. */
  get isSettled(): boolean {
    return this.#tail.commits.length === 0 && this.isQuiet;
  }

  /** `isOurs`: this host is first in rank, else it takes only what it may own unawares. `knownEnd`: once seen in the log. */
  async take(readMark: () => Promise<Mark | undefined>, isOurs: boolean, knownEnd = 0): Promise<TakeOutcome> {
    const { lease } = this.#host;
    // A commit of our own at the end: we lost sight of the shard, and nobody else may take it while we live.
    const mayTake = (boot?: string) =>
      boot === lease.place.boot || (isOurs && (boot === undefined || lease.mayFence(boot)));
    const outcome = await this.log.take(readMark, mayTake, knownEnd);
    if (outcome.kind === "taken") this.#inherit(outcome.inherited);
    return outcome;
  }

  accept(invocation: Invocation, answer: Answer): void {
    const { to, from } = invocation;
    if (!this.log.isOwned || this.#refuses === "all" || (this.#refuses === "users" && !from)) {
      answer(notOwner(to));
      return;
    }
    if (!from && this.#tail.bytes + this.log.undecidedBytes > this.limits.maxTailBytesPerShard) {
      this.stats.overloads += 1;
      answer({ kind: "failed", error: "overloaded", message: `Shard ${this.index} is ahead of its views` });
      return;
    }
    this.activate(to).accept(invocation, answer);
  }

  activate(address: Address): Activation {
    const id = `${address.kind}/${address.key}`;
    let activation = this.activations.get(id);
    if (!activation) {
      activation = new Activation(address, this.#host.behaviourOf(address.kind), this);
      this.activations.set(id, activation);
      this.stats.activations += 1;
    }
    return activation;
  }

  forget(activation: Activation): void {
    const id = `${activation.address.kind}/${activation.address.key}`;
    if (this.activations.get(id) !== activation) return;
    this.activations.delete(id);
    this.stats.activations -= 1;
  }

  wake(address: Address): void {
    const nowMs = this.clock.nowMs();
    const deadlineMs = nowMs + this.limits.defaultCallTimeoutMs;
    const invocation = { to: address, method: dueMethod, input: null, deadlineMs };
    this.accept(invocation, (reply) => {
      if (reply.kind !== "ok") this.#host.scheduleDue(this, address, nowMs + this.limits.dueHorizonMs);
      // The index holds one timer, the earliest: what it was set for may have moved to later since.
      const { dueMs = 0 } = this.activations.get(`${address.kind}/${address.key}`) ?? {};
      if (dueMs > nowMs) this.#host.scheduleDue(this, address, dueMs);
    });
  }

  /** For callers, whose deadline may be over when its turn comes: then undefined. */
  loadInTurn(activation: Activation, isWanted: () => boolean): Promise<Folded | undefined> {
    return this.#host.loads.run(async () => (isWanted() ? this.load(activation) : undefined));
  }

  /** R1 */
  load(activation: Activation, untilN = Number.POSITIVE_INFINITY): Promise<Folded> {
    const tail = () => this.tailOf(activation.address);
    return foldActor(activation, untilN, { views: this.#host.ports.views, limits: this.limits, tail });
  }

  tailOf({ kind, key }: Address): ActorRecord[] {
    const found: ActorRecord[] = [];
    const look = (records: Iterable<EncodedRecord>) => {
      for (const { record } of records) if (record.key === key && record.kind === kind) found.push(record);
    };
    for (const { logged } of this.#tail.commits) look(logged.records);
    look(this.log.undecided());
    return found;
  }

  stamp(): number {
    return this.log.stamps.next(this.clock.nowMs());
  }

  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q> {
    return this.#host.ask(to, key, askedBy);
  }

  park(address: Address, invocation: Invocation, cause: unknown): void {
    this.stats.poisoned += 1;
    this.#host.park(address, invocation, cause);
  }

  trouble(message: string, cause: unknown): void {
    this.#host.trouble(message, cause);
  }

  /** A reply of a turn that decided nothing: it may rest on undecided state, and on our owning the shard (J5). */
  gateReply(answer: Answer, reply: Reply, notifications: readonly Notification[] = []): void {
    this.log.gate((committed) => {
      if (!committed || !this.log.isOwned || !this.#host.lease.isHeld()) {
        answer({ kind: "failed", error: "not_owner", message: `Shard ${this.index} moved` });
        return;
      }
      this.publish(notifications);
      answer(reply);
    });
  }

  /** A turn decided `encoded`, already folded into the activation: it leaves with the next commit. */
  decided(activation: Activation, encoded: DecidedRecord, outcome: TurnOutcome): void {
    // What the behaviour may throw at comes first: then nothing was decided.
    const { behaviour, state } = activation;
    if (behaviour.head && encoded.record.events.length > 0) encoded.head = behaviour.head(state);
    const notifications = notificationsOf(behaviour, state, encoded.record, outcome.notifications);
    this.#addRows(activation, encoded);
    activation.undecided += 1;
    if (outcome.settles) encoded.unconfirmed = encoded.record.outbox?.length ?? 0;
    this.log.decide(encoded, (committed) => {
      activation.undecided -= 1;
      if (!committed) {
        outcome.answer(notOwner(activation.address));
        return;
      }
      this.publish(notifications);
      this.#releaseReply(encoded, () => outcome.answer({ kind: "ok", value: outcome.value }));
    });
    this.#host.markDirty(this);
  }

  /** At once, or when the outbox is confirmed (at most after `settleMsMax`): the change stands in any case. */
  #releaseReply(encoded: DecidedRecord, release: () => void): void {
    if (!encoded.unconfirmed) {
      release();
      return;
    }
    const cancel = this.clock.after(this.limits.settleMsMax, () => {
      encoded.onConfirmed = undefined;
      release();
    });
    encoded.onConfirmed = () => {
      cancel();
      release();
    };
  }

  // — ProjectedShard —

  rowsOf({ logged }: TrackedCommit): Row[] {
    return (logged.records as DecidedRecord[]).flatMap((encoded) => rowsOfRecord(this.#host, encoded));
  }

  advance(mark: Mark): void {
    this.#tail.advance(mark);
  }

  // — the way out of a commit —

  #committed(logged: LoggedCommit): void {
    this.stats.commits += 1;
    this.stats.records += logged.records.length;
    this.stats.journaledBytes += logged.bytes;
    const heads = new Map<string, Head>();
    for (const { record, head } of logged.records as DecidedRecord[]) if (head) heads.set(record.key, head);
    if (heads.size > 0) this.#host.projector.putHeads(this, heads);
    this.#tail.add(logged);
  }

  #addRows(activation: Activation, encoded: DecidedRecord): void {
    const rows: Row[] = [];
    const { record } = encoded;
    const snapshot = tryEffect(this, record, "snapshot", () => snapshotRow(activation, encoded, this.limits));
    if (snapshot) {
      this.stats.snapshots += 1;
      if (this.weaknesses.has("early_snapshot")) this.#host.projector.addRows([snapshot]);
      else rows.push(snapshot);
    }
    const dueMs = activation.behaviour.due?.(activation.state) ?? 0;
    if (dueMs !== activation.dueMs) {
      activation.dueMs = dueMs;
      rows.push(dueRow(this.index, activation.address, dueMs, record.stamp));
      if (dueMs > 0) this.#host.scheduleDue(this, activation.address, dueMs);
    }
    if (rows.length > 0) encoded.extraRows = rows;
  }

  /** A bell that cannot be rung must not keep the reply from its caller. */
  publish(notifications: readonly Notification[]): void {
    if (notifications.length === 0) return;
    try {
      this.#host.ports.sink.publish(notifications);
    } catch (cause) {
      this.stats.quarantined += notifications.length;
      this.trouble(`Shard ${this.index}: ${notifications[0]?.type} cannot be published`, cause);
    }
  }

  // — taking over, giving up, losing —

  /** R3 */
  #inherit(commits: LoggedCommit[]): void {
    const isForgetful = this.weaknesses.has("no_republish");
    const told = isForgetful ? commits.map((commit) => ({ ...commit, records: [], carried: [] })) : commits;
    new Retelling(this, this.#host, this.#tail.inherit(told)).start();
  }

  /** Takes no commands of users, so that tails can empty; or nothing more, of other actors either; or all again. */
  drain(refuses: "nobody" | "users" | "all" = "users"): void {
    this.#refuses = refuses;
  }

  /** R2 */
  #lost(): void {
    this.stats.fencedOff += 1;
    this.close();
    this.#host.onLost(this);
  }

  close(): void {
    this.stats.activations -= this.activations.size;
    for (const activation of this.activations.values()) activation.drop();
    this.activations.clear();
    this.#tail.close();
  }
}
