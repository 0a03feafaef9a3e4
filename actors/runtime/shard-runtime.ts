// A shard that this host owns: its log, its actors, its outbox, its tail.
// R1: activation = snapshot + records of the views after it + the tail in memory + what is undecided; no record is missed
//     while the projector moves. R2: when ownership is lost every activation of the shard is dropped, and nothing leaves.
// R3: what follows from inherited commits (bell, outbox, rows, heads) is done again: receivers drop by version and watermark.
import type { Notification } from "../shared/notification.ts";
import { Activation, type Answer, dueMethod, type Folded, notOwner, type TurnOutcome } from "./activation.ts";
import { parseRecord } from "./commit.ts";
import type { AnyBehaviour, Ask, Contract, Head } from "./contract.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Address, Kind } from "./kinds.ts";
import type { HostLease } from "./lease.ts";
import type { RuntimeLimits, Weakness } from "./options.ts";
import { Outbox, type Sendable } from "./outbox.ts";
import type { Clock, Heads, Journal, Mark, NotificationSink, Row, Views } from "./ports.ts";
import type { ProjectedShard, Projector, TrackedCommit } from "./projector.ts";
import type { ActorRecord, OutboxEntry } from "./record.ts";
import { type EncodedRecord, type LoggedCommit, ShardLog, type TakeOutcome } from "./shard-log.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";
import type { RuntimeStats } from "./stats.ts";

export interface RuntimePorts {
  journal: Journal;
  views: Views;
  heads: Heads;
  sink: NotificationSink;
  clock: Clock;
}

/** What a shard needs of its host. */
export interface ShardHost {
  readonly ports: RuntimePorts;
  readonly limits: RuntimeLimits;
  readonly stats: RuntimeStats;
  readonly lease: HostLease;
  readonly weaknesses: ReadonlySet<Weakness>;
  readonly projector: Projector;
  behaviourOf(kind: Kind): AnyBehaviour;
  /** Asks for `flush` at the end of this tick. */
  markDirty(shard: ShardRuntime): void;
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  scheduleDue(shard: ShardRuntime, address: Address, dueMs: number): void;
  park(address: Address, invocation: Invocation, cause: unknown): void;
  trouble(message: string, cause: unknown): void;
  onLost(shard: ShardRuntime): void;
}

/** A record with what the projector and the caller wait for. */
interface DecidedRecord extends EncodedRecord {
  extraRows?: Row[];
  head?: Head;
  unconfirmed?: number;
  onConfirmed?: () => void;
}

export class ShardRuntime implements ProjectedShard {
  readonly index: number;
  readonly log: ShardLog;
  readonly activations = new Map<string, Activation>();
  tail: TrackedCommit[] = [];
  tailBytes = 0;
  isDirty = false;
  #host: ShardHost;
  #outbox: Outbox;
  #isDraining = false;

  constructor(index: number, host: ShardHost) {
    this.index = index;
    this.#host = host;
    const { journal, clock } = host.ports;
    this.log = new ShardLog(index, {
      journal,
      clock,
      place: host.lease.place,
      limits: host.limits,
      weaknesses: host.weaknesses,
      onCommitted: (commit) => this.#committed(commit),
      onLost: () => this.#lost(),
      onTrouble: (message, cause) => host.trouble(message, cause),
    });
    this.#outbox = new Outbox({
      shard: index,
      clock,
      limits: host.limits,
      deliver: (entry, from, attempt) => host.deliver(entry, from, attempt),
      carry: (entries, landed) => this.#carry(entries, landed),
      onTrouble: (message, cause) => host.trouble(message, cause),
    });
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
  get isLive(): boolean {
    return this.log.isOwned;
  }
  /** Nothing runs and nothing is undecided: giving the shard up now refuses nobody. */
  get isQuiet(): boolean {
    return !this.log.hasUndecided && [...this.activations.values()].every(({ isIdle }) => isIdle);
  }
  /** Quiet, and the next owner has nothing to do again. */
  get isSettled(): boolean {
    return this.tail.length === 0 && this.isQuiet;
  }

  async take(mark: Mark | undefined): Promise<TakeOutcome> {
    const { place, mayFence } = this.#ownership();
    // A commit of our own at the end: we lost sight of the shard, and nobody else may take it while we live.
    const outcome = await this.log.take(mark, (boot) => boot === undefined || boot === place.boot || mayFence(boot));
    if (outcome.kind === "taken") this.#inherit(outcome.inherited);
    return outcome;
  }

  #ownership() {
    const { lease } = this.#host;
    return { place: lease.place, mayFence: (boot: string) => lease.mayFence(boot) };
  }

  accept(invocation: Invocation, answer: Answer): void {
    const { to, from } = invocation;
    if (!this.log.isOwned || (this.#isDraining && !from)) {
      answer(notOwner(to));
      return;
    }
    if (!from && this.tailBytes + this.log.undecidedBytes > this.limits.maxTailBytesPerShard) {
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
    const invocation = {
      to: address,
      method: dueMethod,
      input: null,
      deadlineMs: nowMs + this.limits.defaultCallTimeoutMs,
    };
    this.accept(invocation, (reply) => {
      if (reply.kind !== "ok") this.#host.scheduleDue(this, address, nowMs + this.limits.dueHorizonMs);
    });
  }

  /** R1 */
  async load(activation: Activation): Promise<Folded> {
    return this.#fold(activation, activation.address, Number.POSITIVE_INFINITY);
  }

  async #fold(folder: Activation, address: Address, untilN: number): Promise<Folded> {
    const { views } = this.#host.ports;
    const before = this.tailOf(address);
    const snapshot = await views.snapshot(address.kind, address.key);
    const folded = decodeSnapshot(folder.behaviour, address.key, snapshot, this.limits);
    folder.snapshotBytes = snapshot?.state.length ?? 0;
    const texts = await views.records(address.kind, address.key, folded.n);
    const snapshotN = folded.n;
    for (const record of [...texts.map(parseRecord), ...before, ...this.tailOf(address)]) {
      if (record.n <= folded.n || record.n > untilN) continue;
      if (record.n !== folded.n + 1) {
        throw new Error(`${address.kind} ${address.key}: record ${folded.n + 1} is missing, ${record.n} is there`);
      }
      folder.fold(folded, record);
    }
    // Counted on from the last snapshot: an actor that sleeps often gets one all the same.
    folder.recordsSinceSnapshot = folded.n - snapshotN;
    folder.bytesSinceSnapshot = texts.reduce((bytes, { length }) => bytes + length, 0);
    return folded;
  }

  tailOf({ kind, key }: Address): ActorRecord[] {
    const records: ActorRecord[] = [];
    for (const { logged } of this.tail) {
      for (const { record } of logged.records) if (record.key === key && record.kind === kind) records.push(record);
    }
    for (const { record } of this.log.undecided()) {
      if (record.key === key && record.kind === kind) records.push(record);
    }
    return records;
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
      if (notifications.length > 0) this.#host.ports.sink.publish(notifications);
      answer(reply);
    });
  }

  /** A turn decided `encoded`, already folded into the activation: it leaves with the next commit. */
  decided(activation: Activation, encoded: DecidedRecord, outcome: TurnOutcome): void {
    // What the behaviour may throw at comes first: then nothing was decided.
    const { behaviour, state } = activation;
    if (behaviour.head && encoded.record.events.length > 0) encoded.head = behaviour.head(state);
    const notifications = notificationsOf(behaviour, state, encoded.record, outcome.notifications);
    this.#addSnapshot(activation, encoded);
    this.#addDue(activation, encoded);
    activation.undecided += 1;
    if (outcome.settles) encoded.unconfirmed = encoded.record.outbox?.length ?? 0;
    this.log.decide(encoded, (committed) => {
      activation.undecided -= 1;
      if (!committed) {
        outcome.answer(notOwner(activation.address));
        return;
      }
      this.#publish(notifications);
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
    const rows: Row[] = [];
    for (const encoded of logged.records as DecidedRecord[]) {
      const { record, text } = encoded;
      const { kind, key, n, stamp, atMs, events } = record;
      rows.push({ table: "actor_events", kind, key, n, stamp, record: text });
      const behaviour = this.#host.behaviourOf(kind);
      if (behaviour.project) rows.push(...behaviour.project(events, { key, n, stamp, atMs }));
      if (encoded.extraRows) rows.push(...encoded.extraRows);
    }
    return rows;
  }

  advance(mark: Mark): void {
    const done = this.tail.findIndex(({ logged }) => logged.sequence === mark.sequence);
    if (done < 0) return;
    for (const { logged } of this.tail.splice(0, done + 1)) this.tailBytes -= logged.bytes;
  }

  // — the way out of a commit —

  #committed(logged: LoggedCommit): void {
    this.stats.commits += 1;
    this.stats.records += logged.records.length;
    this.stats.journaledBytes += logged.bytes;
    const heads = new Map<string, Head>();
    for (const { record, head } of logged.records as DecidedRecord[]) if (head) heads.set(record.key, head);
    if (heads.size > 0) this.#host.projector.putHeads(heads);
    const tracked = this.#track(logged, true);
    this.#outbox.add([...this.#sendables(tracked)]);
  }

  #track(logged: LoggedCommit, isPublished: boolean): TrackedCommit {
    const tracked: TrackedCommit = { logged, outboxLeft: 0, isPublished, isTold: false, isProjected: false };
    this.tail.push(tracked);
    this.tailBytes += logged.bytes;
    for (const { record } of logged.records) tracked.outboxLeft += record.outbox?.length ?? 0;
    tracked.outboxLeft += logged.carried.length;
    this.#host.projector.add(this, tracked);
    return tracked;
  }

  /** Carried entries of our own are in the outbox's lines already; it counts them down itself. */
  *#sendables(tracked: TrackedCommit): Generator<Sendable> {
    for (const encoded of tracked.logged.records as DecidedRecord[]) {
      for (const entry of encoded.record.outbox ?? []) {
        yield { entry, confirmed: () => this.#confirm(tracked, encoded) };
      }
    }
    if (!tracked.logged.inherited) return;
    for (const entry of tracked.logged.carried) yield { entry, confirmed: () => this.#confirm(tracked) };
  }

  #confirm(tracked: TrackedCommit, encoded?: DecidedRecord): void {
    tracked.outboxLeft -= 1;
    if (tracked.outboxLeft === 0) this.#host.projector.touch(this);
    if (encoded?.unconfirmed === undefined) return;
    encoded.unconfirmed -= 1;
    if (encoded.unconfirmed === 0) encoded.onConfirmed?.();
  }

  #carry(entries: OutboxEntry[], landed: (confirm: () => void) => void): void {
    this.stats.carried += entries.length;
    this.log.carry(entries, (committed) => {
      const tracked = this.tail.at(-1);
      if (committed && tracked) landed(() => this.#confirm(tracked));
    });
    this.#host.markDirty(this);
  }

  #publish(notifications: readonly Notification[]): void {
    if (notifications.length > 0) this.#host.ports.sink.publish(notifications);
  }

  #addSnapshot(activation: Activation, encoded: DecidedRecord): void {
    activation.bytesSinceSnapshot += encoded.text.length;
    activation.recordsSinceSnapshot += 1;
    const dueBytes = Math.max(this.limits.snapshotEveryBytes, 2 * activation.snapshotBytes);
    const isDue =
      activation.bytesSinceSnapshot >= dueBytes || activation.recordsSinceSnapshot >= this.limits.snapshotEveryRecords;
    if (!isDue || !activation.folded) return;
    const state = encodeSnapshot(activation.behaviour, activation.folded);
    activation.snapshotBytes = state.length;
    activation.bytesSinceSnapshot = 0;
    activation.recordsSinceSnapshot = 0;
    this.stats.snapshots += 1;
    const { kind, key, n, stamp } = encoded.record;
    const row: Row = { table: "snapshots", kind, key, n, stamp, state };
    if (this.weaknesses.has("early_snapshot")) this.#host.projector.addRows([row]);
    else encoded.extraRows = [...(encoded.extraRows ?? []), row];
  }

  #addDue(activation: Activation, encoded: DecidedRecord): void {
    const dueMs = activation.behaviour.due?.(activation.state) ?? 0;
    if (dueMs === activation.dueMs) return;
    activation.dueMs = dueMs;
    encoded.extraRows = [...(encoded.extraRows ?? []), this.#dueRow(activation.address, dueMs, encoded.record.stamp)];
    if (dueMs > 0) this.#host.scheduleDue(this, activation.address, dueMs);
  }

  #dueRow({ kind, key }: Address, dueMs: number, stamp: number): Row {
    return { table: "due", shard: this.index, kind, key, dueMs, stamp };
  }

  // — taking over and losing —

  /** R3 */
  #inherit(commits: LoggedCommit[]): void {
    const skips = this.weaknesses.has("no_republish");
    const tracked = commits.map((commit) =>
      this.#track(skips ? { ...commit, records: [], carried: [] } : commit, skips),
    );
    if (skips) return;
    // O1: a carried entry stands in a later commit than entries with higher stamps.
    const sendables = tracked.flatMap((commit) => [...this.#sendables(commit)]);
    this.#outbox.add(sendables.sort((a, b) => a.entry.stamp - b.entry.stamp));
    const addresses = new Map<string, Address>();
    for (const { records } of commits) {
      for (const { record } of records) addresses.set(`${record.kind}/${record.key}`, record);
    }
    this.#pendingRetells = addresses.size;
    for (const address of addresses.values()) this.#retell(address, tracked);
    this.#whenRetold(tracked);
  }

  #pendingRetells = 0;

  /** Until it worked, it counts as pending: no mark passes what nobody was told. */
  #retell(address: Address, tracked: TrackedCommit[]): void {
    const behaviour = this.#host.behaviourOf(address.kind);
    const records = tracked.flatMap(({ logged }) =>
      logged.records
        .map(({ record }) => record)
        .filter(({ kind, key }) => kind === address.kind && key === address.key),
    );
    const last = records.at(-1)!;
    // A fold of its own, up to the last inherited record: turns that run meanwhile are not told early.
    const folder = new Activation({ kind: address.kind, key: address.key }, behaviour, this);
    const tellAgain = async () => {
      const folded = await this.#fold(folder, folder.address, last.n);
      if (!this.log.isOwned) return;
      const head = behaviour.head?.(folded.state);
      if (head) this.#host.projector.putHeads(new Map([[address.key, head]]));
      for (const record of records) this.#publish(notificationsOf(behaviour, folded.state, record, []));
      this.#projectDue(folder, folded, last);
    };
    tellAgain().then(
      () => {
        this.#pendingRetells -= 1;
        this.#whenRetold(tracked);
      },
      (cause: unknown) => {
        this.trouble(`${address.kind} ${address.key} cannot be told again yet`, cause);
        this.clock.after(this.limits.retryMaxMs, () => this.log.isOwned && this.#retell(address, tracked));
      },
    );
  }

  /** Also when nothing is due any more: the row that said so may be missing. */
  #projectDue(folder: Activation, folded: Folded, last: ActorRecord): void {
    if (!folder.behaviour.due) return;
    const dueMs = folder.behaviour.due(folded.state) ?? 0;
    this.#host.projector.addRows([this.#dueRow(folder.address, dueMs, last.stamp)]);
    if (dueMs > 0) this.#host.scheduleDue(this, folder.address, dueMs);
  }

  #whenRetold(tracked: TrackedCommit[]): void {
    if (this.#pendingRetells > 0) return;
    for (const commit of tracked) commit.isPublished = true;
    this.#host.projector.touch(this);
  }

  /** Stops taking commands of users; what other actors sent is still taken, so that tails can empty. */
  drain(): void {
    this.#isDraining = true;
  }

  /** R2 */
  #lost(): void {
    this.stats.fencedOff += 1;
    this.close();
    this.#host.onLost(this);
  }

  close(): void {
    this.#outbox.stop();
    this.stats.activations -= this.activations.size;
    for (const activation of this.activations.values()) activation.drop();
    this.activations.clear();
    this.tail = [];
    this.tailBytes = 0;
  }
}

/** What users are told of a record; `state` is the one right after it. */
function notificationsOf(
  behaviour: AnyBehaviour,
  state: unknown,
  { events, key, n, stamp, atMs }: ActorRecord,
  more: readonly Notification[],
): readonly Notification[] {
  if (!behaviour.notify) return more;
  const notifications = [...more];
  for (const event of events) notifications.push(...behaviour.notify(state, event, { key, n, stamp, atMs }));
  return notifications;
}
