// The log of one shard, as its owner (or challenger) sees it. Journal protocol J2–J4.
// L1: one commit in flight per shard; it names the shard's last sequence, so a foreign commit refuses it (the fence).
// L2: an append of unknown outcome is repeated, same bytes, until the log says in or refused; then the record at that
//     place, read from the leader, is ours or foreign. A time-out alone decides nothing.
// L3: outputs gated on a commit leave only when the log shows that commit as ours, in order.
// L4: a tail counts only when it starts at the mark (or at prev 0), its `prev` chain has no gap, and it ends with our fence;
//     or when all of it is one `released` whose author lives, and says that nothing before it is left to do.
import { utf8Length } from "../../shared/utf8.ts";
import type { RuntimeLimits, Weakness } from "../limits.ts";
import type { Clock, Journal, Mark } from "../ports.ts";
import type { Commit, EncodedRecord, OutboxEntry } from "../record.ts";
import { type CommitHeader, decodeCommit, encodeOwnership, encodeRecords, ownerAfter } from "./commit.ts";
import type { TailOutcome, TakeOutcome } from "./outcomes.ts";
import { inheritCommit, readTail } from "./read-tail.ts";
import { ShardClock } from "./stamp.ts";

/** A commit that the log shows as ours (or that we inherited), until everything that follows from it is done. */
export interface LoggedCommit {
  readonly sequence: number;
  readonly id: string;
  readonly records: readonly EncodedRecord[];
  readonly carried: readonly OutboxEntry[];
  readonly bytes: number;
  /** Read from the log at takeover: it may have been told already. */
  readonly inherited: boolean;
}
/** Called when the commit it hangs on is in the log (true) or never will be (false). */
export type Output = (committed: boolean) => void;

interface Group {
  records: EncodedRecord[];
  carried: OutboxEntry[];
  outputs: Output[];
  bytes: number;
}

export interface ShardLogDeps {
  journal: Journal;
  clock: Clock;
  place: { host: string; boot: string };
  /**
   * Never the same again in this boot: a shard that is taken twice from one place of a lagging log would else find its
   * first fence, and believe it to be the second (L2).
   */
  nextNumber(): number;
  limits: RuntimeLimits;
  weaknesses: ReadonlySet<Weakness>;
  /** This boot is open, as CONTROL shows it. */
  isPresent(boot: string): boolean;
  onCommitted(commit: LoggedCommit): void;
  /** A foreign commit is last: this host owns the shard no more. */
  onLost(): void;
  onTrouble(message: string, cause: unknown): void;
}

/** A refused append whose successor cannot be read so often is taken as refused by a foreign commit. */
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
  #owned = false;
  #stopped = false;
  #doubtfulAfter: number | undefined;
  #undecidedBytes = 0;

  constructor(index: number, deps: ShardLogDeps) {
    this.index = index;
    this.stamps = new ShardClock(index);
    this.#deps = deps;
  }

  get isOwned(): boolean {
    return this.#owned;
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

  /** A commit of ours may stand behind this sequence, though we gave up finding out; undefined: every fate is known. */
  get doubtfulAfter(): number | undefined {
    return this.#doubtfulAfter;
  }

  /** Records decided but not in the log yet, oldest first. */
  *undecided(): Generator<EncodedRecord> {
    if (this.#inFlight) yield* this.#inFlight.records;
    for (const group of this.#pending) yield* group.records;
  }

  /** Adds what a turn decided; `flush` sends it. */
  decide(record: EncodedRecord, output: Output): void {
    const bytes = utf8Length(record.text);
    const group = this.#openGroup(bytes);
    group.records.push(record);
    group.outputs.push(output);
    group.bytes += bytes;
    this.#undecidedBytes += bytes;
  }

  carry(entries: readonly OutboxEntry[], bytes: number, output: Output): void {
    const group = this.#openGroup(bytes);
    group.carried.push(...entries);
    group.outputs.push(output);
    group.bytes += bytes;
    this.#undecidedBytes += bytes;
  }

  /** L3: an output of a turn that decided nothing waits for every commit undecided when it ran. */
  gate(output: Output): void {
    const group = this.#pending.at(-1) ?? this.#inFlight;
    if (group && !this.#deps.weaknesses.has("no_output_gate")) group.outputs.push(output);
    else output(true);
  }

  /** L1: starts the next commit if none is in flight. */
  flush(): void {
    if (this.#inFlight || !this.#owned) return;
    const group = this.#pending.shift();
    if (!group) return;
    this.#inFlight = group;
    const header = this.#header();
    const bytes = encodeRecords(
      header,
      group.records.map(({ text }) => text),
      group.carried,
    );
    void this.#append(bytes, header).then((sequence) => this.#settle(group, header.id, sequence));
  }

  async take(
    readMark: () => Promise<Mark | undefined>,
    mayTake: (lastBoot: string | undefined) => boolean,
    knownEnd = 0,
  ): Promise<TakeOutcome> {
    const { journal, weaknesses } = this.#deps;
    // One look at the end: whoever waits for a shard to be released asks often, and must not read its tail each time.
    const end = await journal.last(this.index);
    const ending = end && decodeCommit(end.commit);
    const endBoot = ending && ownerAfter(ending);
    if ((end?.sequence ?? 0) < knownEnd) {
      return { kind: "quarantined", reason: `the log went on to ${knownEnd}, and ends at ${end?.sequence ?? 0} now` };
    }
    if (end && !mayTake(endBoot)) return { kind: "refused", owner: endBoot, lastSequence: end.sequence };
    const mark = await readMark();
    // Believed of one who lives: had the views gone back since, all hosts had been stopped.
    const isDone = ending?.type === "released" && ending.isDone && this.#deps.isPresent(ending.boot);
    const isWhole = (mark?.sequence ?? 0) <= (end?.sequence ?? 0); // else the log went back
    const tail: TailOutcome =
      isDone && isWhole
        ? { kind: "tail", commits: [{ sequence: end!.sequence, commit: ending, bytes: end!.commit.length }] }
        : await readTail(journal, this.index, mark, end, !weaknesses.has("no_prev_check"));
    if (tail.kind !== "tail") return tail;
    const last = tail.commits.at(-1);
    const lastBoot = last && ownerAfter(last.commit);
    if (!mayTake(lastBoot)) return { kind: "refused", owner: lastBoot, lastSequence: last?.sequence ?? 0 };
    this.#lastSequence = last?.sequence ?? 0;
    this.#epoch = (last?.commit.epoch ?? 0) + 1;
    if (last) this.stamps.raiseTo(last.commit.stamp);
    this.stamps.next(this.#deps.clock.nowMs());
    const header = this.#header();
    // A fence whose place cannot be read is tried anew from a later read: over a fence of our own, too.
    const sequence = await this.#append(encodeOwnership(header, "fence", this.#deps.place), header, 1);
    if (sequence === undefined || this.#stopped) {
      return { kind: "refused", owner: undefined, reason: `a fence behind ${header.prev} was refused` };
    }
    this.#lastSequence = sequence;
    this.#owned = true;
    return {
      kind: "taken",
      inherited: tail.commits.filter(({ sequence: at }) => at > (mark?.sequence ?? 0)).map(inheritCommit),
    };
  }

  /** Gives the shard up in the log, after everything decided is in. `isDone`: the next owner has nothing to do again. */
  async release(isDone: boolean): Promise<boolean> {
    if (!this.#owned || this.hasUndecided) return false;
    this.#owned = false;
    const header = this.#header();
    const sequence = await this.#append(encodeOwnership(header, "released", this.#deps.place, isDone), header);
    return sequence !== undefined;
  }

  /** Nothing is appended or repeated after this; what is undecided is reported as not committed. */
  stop(): void {
    this.#stopped = true;
    this.#lose();
  }

  #openGroup(bytes: number): Group {
    let group = this.#pending.at(-1);
    if (!group || group.bytes + bytes > this.#deps.limits.maxCommitBytes) {
      group = { records: [], carried: [], outputs: [], bytes: 0 };
      this.#pending.push(group);
    }
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
    if (sequence === undefined) {
      if (this.#inFlight === group) this.#lose();
      return;
    }
    if (this.#inFlight !== group) return;
    this.#inFlight = undefined;
    this.#lastSequence = sequence;
    this.#undecidedBytes -= group.bytes;
    const { records, carried, bytes } = group;
    this.#deps.onCommitted({ sequence, id, records, carried, bytes, inherited: false });
    this.#release(group, true);
    this.flush();
  }

  #lose(): void {
    const groups = [...(this.#inFlight ? [this.#inFlight] : []), ...this.#pending];
    this.#inFlight = undefined;
    this.#pending = [];
    this.#undecidedBytes = 0;
    const wasOwned = this.#owned;
    this.#owned = false;
    if (wasOwned && !this.#stopped) this.#deps.onLost();
    for (const group of groups) this.#release(group, false);
  }

  /** One output that throws must not keep the others of its group from their callers. */
  #release(group: Group, committed: boolean): void {
    for (const output of group.outputs) {
      try {
        output(committed);
      } catch (cause) {
        this.#deps.onTrouble(`Shard ${this.index}: an output failed`, cause);
      }
    }
  }

  /** L2. The sequence when the commit is in the log, undefined when a foreign one refused it. */
  async #append(
    bytes: Uint8Array,
    header: CommitHeader,
    unreadableMax = unreadableTriesMax,
  ): Promise<number | undefined> {
    let pauseMs = this.#deps.limits.retryMinMs;
    let unreadable = 0;
    while (!this.#stopped) {
      try {
        const outcome = await this.#deps.journal.append(this.index, header.prev, bytes);
        if (outcome.kind === "appended") return outcome.sequence;
        const successor = await this.#successorOf(header.prev);
        if (successor) return successor.commit.id === header.id ? successor.sequence : undefined;
        // The reader is behind the leader, or a later owner has trimmed the place away: then somebody else went on.
        if (unreadable % reportEveryTries === 0) {
          const found = `is refused as ${outcome.lastSequence} stands last, and what came after cannot be read`;
          this.#deps.onTrouble(`Shard ${this.index}: a commit behind ${header.prev} ${found}`, undefined);
        }
        unreadable += 1;
        if (unreadable >= unreadableMax) {
          this.#doubtfulAfter = header.prev;
          return undefined;
        }
      } catch (cause) {
        this.#deps.onTrouble(`Shard ${this.index}: the outcome of a commit is unknown, it is sent again`, cause);
      }
      await new Promise<void>((resolve) => this.#deps.clock.after(pauseMs, resolve));
      pauseMs = Math.min(pauseMs * 2, this.#deps.limits.retryMaxMs);
    }
    return undefined;
  }

  async #successorOf(sequence: number): Promise<{ sequence: number; commit: Commit } | undefined> {
    const [first] = await this.#deps.journal.read(this.index, sequence + 1, 1);
    if (!first) return undefined;
    const commit = decodeCommit(first.commit);
    return commit.prev === sequence ? { sequence: first.sequence, commit } : undefined;
  }
}
