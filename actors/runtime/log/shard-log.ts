// The log of one shard, as its owner, or a host that wants to own it, sees it (J2–J4).
// log/one-in-flight: one commit of a shard is in flight. It names the shard's last sequence, so a commit of another owner
//     makes the log refuse it: that compare-and-set is the fence.
// log/unknown: an append of unknown outcome is repeated with the same bytes until the log says appended or refused. After a
//     refusal the commit at that place, read from the leader, shows whose it is. A time-out alone decides nothing.
// log/outputs: an output leaves only when the log shows the commit that it waits for as ours; outputs leave in their order.
import { Backoff } from "../../shared/backoff.ts";
import { sleep } from "../../shared/sleep.ts";
import { utf8Length } from "../../shared/utf8.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock, Journal, Mark } from "../ports.ts";
import type { Commit, OutboxEntry } from "../record.ts";
import { type CommitHeader, decodeCommit, encodeOwnership, encodeRecords, ownerAfter } from "./commit.ts";
import type { DecidedRecord } from "./decided-record.ts";
import type { LogRules, Output } from "./log-rules.ts";
import type { LoggedCommit, TailOutcome, TakeOutcome } from "./outcomes.ts";
import { inheritCommit, readTail } from "./read-tail.ts";
import { ShardClock } from "./stamp.ts";

/** The content of one commit. */
interface Group {
  records: DecidedRecord[];
  reappended: OutboxEntry[];
  outputs: Output[];
  bytes: number;
}

interface ShardLogDeps {
  journal: Journal;
  clock: Clock;
  place: { host: string; boot: string };
  /**
   * A number that this boot never used before, for a commit's id. A shard that is taken twice at the same place of a lagging
   * log would otherwise find its first fence there and take it for the second (log/unknown).
   */
  nextNumber(): number;
  limits: RuntimeLimits;
  rules: LogRules;
  /** Is this boot open, as CONTROL shows it? */
  isPresent(boot: string): boolean;
  onCommitted(commit: LoggedCommit): void;
  /** A commit of another owner is last: this host owns the shard no more. */
  onLost(): void;
  reportError(message: string, cause: unknown): void;
}

/** After so many tries to read the successor of a refused append, another owner's commit is taken to have refused it. */
const unreadableTriesMax = 50;
const reportEveryTries = 10;

export class ShardLog {
  readonly index: number;
  readonly stamps: ShardClock;
  #deps: ShardLogDeps;
  #lastSequence = 0;
  #epoch = 0;
  #pending: Group[] = [];
  #inFlight: Group | undefined;
  #isOwned = false;
  #isStopped = false;
  #unresolvedAfter: number | undefined;
  #undecidedBytes = 0;

  constructor(index: number, deps: ShardLogDeps) {
    this.index = index;
    this.stamps = new ShardClock(index);
    this.#deps = deps;
  }

  get isOwned(): boolean {
    return this.#isOwned;
  }
  /** Of the log, as far as this host knows it. */
  get lastSequence(): number {
    return this.#lastSequence;
  }
  get undecidedBytes(): number {
    return this.#undecidedBytes;
  }
  get hasUndecided(): boolean {
    return this.#inFlight !== undefined || this.#pending.length > 0;
  }

  /** A commit of ours may stand behind this sequence: the log could not tell in time. Undefined: every outcome is known. */
  get unresolvedAfter(): number | undefined {
    return this.#unresolvedAfter;
  }

  /** Records decided but not in the log yet, oldest first. */
  *undecided(): Generator<DecidedRecord> {
    if (this.#inFlight) yield* this.#inFlight.records;
    for (const group of this.#pending) yield* group.records;
  }

  /** Adds what a turn decided; `flush` sends it. */
  decide(record: DecidedRecord, output: Output): void {
    const group = this.#grow(utf8Length(record.text));
    group.records.push(record);
    group.outputs.push(output);
  }

  /** Adds outbox entries of earlier commits once more, with their old stamps. */
  reappend(entries: readonly OutboxEntry[], bytes: number, output: Output): void {
    const group = this.#grow(bytes);
    group.reappended.push(...entries);
    group.outputs.push(output);
  }

  /** An output of a turn that decided nothing waits for every commit that was undecided when the turn ran (log/outputs). */
  gate(output: Output): void {
    const group = this.#pending.at(-1) ?? this.#inFlight;
    this.#deps.rules.gateOutput(output, group?.outputs);
  }

  /** Starts the next commit if none is in flight (log/one-in-flight). */
  flush(): void {
    if (this.#inFlight || !this.#isOwned) return;
    const group = this.#pending.shift();
    if (!group) return;
    this.#inFlight = group;
    const header = this.#header();
    const texts = group.records.map(({ text }) => text);
    const bytes = encodeRecords(header, texts, group.reappended);
    void this.#append(bytes, header).then((sequence) => this.#settle(group, header.id, sequence));
  }

  /** Takes the shard (J3). `knownEnd`: a sequence that this host has seen in the log. */
  async take(
    readMark: () => Promise<Mark | undefined>,
    mayTake: (lastBoot: string | undefined) => boolean,
    knownEnd = 0,
  ): Promise<TakeOutcome> {
    // The end is looked at first: a host that waits for a shard to be released asks often, and must not read its tail each time.
    const end = await this.#deps.journal.last(this.index);
    const endSequence = end?.sequence ?? 0;
    if (endSequence < knownEnd) {
      return { kind: "quarantined", reason: `the log went on to ${knownEnd}, and ends at ${endSequence} now` };
    }
    const ending = end && decodeCommit(end.commit);
    const endBoot = ending && ownerAfter(ending);
    if (end && !mayTake(endBoot)) return { kind: "refused", owner: endBoot, lastSequence: endSequence };
    const mark = await readMark();
    // Only of a living host: if the views had gone back since it wrote this, all hosts had been stopped.
    const saysDone = ending?.type === "released" && ending.isDone && this.#deps.isPresent(ending.boot);
    const wentBack = (mark?.sequence ?? 0) > endSequence;
    const tail: TailOutcome =
      saysDone && !wentBack
        ? { kind: "tail", commits: [{ sequence: endSequence, commit: ending, bytes: end!.commit.length }] }
        : await readTail(this.#deps.journal, this.#deps.rules, { shard: this.index, mark, end });
    if (tail.kind !== "tail") return tail;
    const last = tail.commits.at(-1);
    const lastBoot = last && ownerAfter(last.commit);
    if (!mayTake(lastBoot)) return { kind: "refused", owner: lastBoot, lastSequence: last?.sequence ?? 0 };
    const refused = await this.#fence(last);
    if (refused) return refused;
    const isAfterMark = ({ sequence }: { sequence: number }) => sequence > (mark?.sequence ?? 0);
    return { kind: "taken", inherited: tail.commits.filter(isAfterMark).map(inheritCommit) };
  }

  async #fence(last: { sequence: number; commit: Commit } | undefined): Promise<TakeOutcome | undefined> {
    this.#lastSequence = last?.sequence ?? 0;
    this.#epoch = (last?.commit.epoch ?? 0) + 1;
    if (last) this.stamps.raiseTo(last.commit.stamp);
    this.stamps.next(this.#deps.clock.nowMs());
    const header = this.#header();
    // One try: when the place of the fence cannot be read, the shard is read and fenced anew, over a fence of our own, too.
    const sequence = await this.#append(encodeOwnership(header, "fence", this.#deps.place), header, 1);
    if (sequence === undefined || this.#isStopped) {
      return { kind: "refused", owner: undefined, reason: `a fence behind ${header.prev} was refused` };
    }
    this.#lastSequence = sequence;
    this.#isOwned = true;
    return undefined;
  }

  /** Releases the shard in its log, once everything decided is in. `isDone`: the next owner has nothing to do again. */
  async release(isDone: boolean): Promise<boolean> {
    if (!this.#isOwned || this.hasUndecided) return false;
    this.#isOwned = false;
    const header = this.#header();
    const sequence = await this.#append(encodeOwnership(header, "released", this.#deps.place, isDone), header);
    return sequence !== undefined;
  }

  /** Nothing is appended or repeated after this; what is undecided is reported as not committed. */
  stop(): void {
    this.#isStopped = true;
    this.#lose();
  }

  /** The open group that has room for `bytes` more. */
  #grow(bytes: number): Group {
    this.#undecidedBytes += bytes;
    let group = this.#pending.at(-1);
    if (!group || group.bytes + bytes > this.#deps.limits.maxCommitBytes) {
      group = { records: [], reappended: [], outputs: [], bytes: 0 };
      this.#pending.push(group);
    }
    group.bytes += bytes;
    return group;
  }

  #header(): CommitHeader {
    const { boot } = this.#deps.place;
    return {
      id: `${this.index}/${this.#epoch}/${boot}/${this.#deps.nextNumber()}`,
      epoch: this.#epoch,
      stamp: this.stamps.last(),
      prev: this.#lastSequence,
    };
  }

  #settle(group: Group, id: string, sequence: number | undefined): void {
    if (this.#inFlight !== group) return;
    if (sequence === undefined) {
      this.#lose();
      return;
    }
    this.#inFlight = undefined;
    this.#lastSequence = sequence;
    this.#undecidedBytes -= group.bytes;
    const { records, reappended, bytes } = group;
    this.#deps.onCommitted({ sequence, id, records, reappended, bytes, isInherited: false });
    this.#release(group, true);
    this.flush();
  }

  #lose(): void {
    const groups = [...(this.#inFlight ? [this.#inFlight] : []), ...this.#pending];
    this.#inFlight = undefined;
    this.#pending = [];
    this.#undecidedBytes = 0;
    const wasOwned = this.#isOwned;
    this.#isOwned = false;
    if (wasOwned && !this.#isStopped) this.#deps.onLost();
    for (const group of groups) this.#release(group, false);
  }

  /** One output that throws must not keep the others of its group from their callers. */
  #release(group: Group, isCommitted: boolean): void {
    for (const output of group.outputs) {
      try {
        output(isCommitted);
      } catch (cause) {
        this.#deps.reportError(`shard ${this.index}: an output failed`, cause);
      }
    }
  }

  /** The sequence when the commit is in the log; undefined when a commit of another owner refused it (log/unknown). */
  async #append(
    bytes: Uint8Array,
    header: CommitHeader,
    unreadableMax = unreadableTriesMax,
  ): Promise<number | undefined> {
    const { journal, clock, limits, reportError } = this.#deps;
    const backoff = new Backoff({ minMs: limits.retryMinMs, maxMs: limits.retryMaxMs });
    let unreadable = 0;
    while (!this.#isStopped) {
      try {
        const outcome = await journal.append(this.index, header.prev, bytes);
        if (outcome.kind === "appended") return outcome.sequence;
        const successor = await this.#successorOf(header.prev);
        if (successor) return successor.commit.id === header.id ? successor.sequence : undefined;
        if (await this.#isFencedOff(header.epoch)) return undefined; // the place was trimmed away since
        // The replica is behind the leader.
        if (unreadable % reportEveryTries === 0) {
          const found = `is refused as ${outcome.lastSequence} stands last, and what came after cannot be read`;
          reportError(`shard ${this.index}: a commit behind ${header.prev} ${found}`, undefined);
        }
        unreadable += 1;
        if (unreadable >= unreadableMax) {
          this.#unresolvedAfter = header.prev;
          return undefined;
        }
      } catch (cause) {
        reportError(`shard ${this.index}: the outcome of a commit is unknown, the append is repeated`, cause);
      }
      await sleep(clock, backoff.next());
    }
    return undefined;
  }

  /** Another owner has fenced the shard since: it is not ours any more, wherever the commit stands. */
  async #isFencedOff(epoch: number): Promise<boolean> {
    const last = await this.#deps.journal.last(this.index);
    return last !== undefined && decodeCommit(last.commit).epoch > epoch;
  }

  async #successorOf(sequence: number): Promise<{ sequence: number; commit: Commit } | undefined> {
    const [first] = await this.#deps.journal.read(this.index, sequence + 1, 1);
    if (!first) return undefined;
    const commit = decodeCommit(first.commit);
    return commit.prev === sequence ? { sequence: first.sequence, commit } : undefined;
  }
}
