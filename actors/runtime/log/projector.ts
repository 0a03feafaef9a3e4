// Writes the views from committed records, and moves the marks (J6). One per host, one write in flight.
// V1: only committed records are projected, idempotently, with the record's stamp as write time.
// V2: heads are handed over before their commit is told or acknowledged, and written before the mark passes it; never
//     without the lease: after the store lost everything, a late write of a former owner would stand as the newest.
// V3: a mark never passes a commit that is not done: told (published and flushed), outbox confirmed or carried, rows written.
// V4: heads that had to wait for the lease are written before those that came later, and only while their shard is owned:
//     else an old one could begin behind its successor, and stand as the newest if the store lost everything in between.
//     What is left out the next owner tells, as no mark has passed it.
import type { Head } from "../head.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock, Heads, Mark, NotificationSink, Row, Views } from "../ports.ts";
import type { RuntimeStats } from "../stats.ts";
import type { LoggedCommit } from "./shard-log.ts";

/** A commit until it is done (V3). */
export interface TrackedCommit {
  readonly logged: LoggedCommit;
  outboxLeft: number;
  isPublished: boolean;
  isTold: boolean;
  isProjected: boolean;
}

export interface ProjectedShard {
  readonly index: number;
  /** Not done commits, oldest first. */
  readonly tail: readonly TrackedCommit[];
  readonly isLive: boolean;
  rowsOf(commit: TrackedCommit): Row[];
  /** Everything up to the mark is done: forget it. */
  advance(mark: Mark): void;
}

interface HeldHeads {
  readonly shard: ProjectedShard;
  readonly heads: ReadonlyMap<string, Head>;
  readonly ticket: number;
}

export interface ProjectorDeps {
  views: Views;
  heads: Heads;
  sink: NotificationSink;
  clock: Clock;
  limits: RuntimeLimits;
  stats: RuntimeStats;
  /** V2: the host's lease is held. */
  mayWriteHeads(): boolean;
  onTrouble(message: string, cause: unknown): void;
}

/** A mark alone is worth no write of its own at once: it goes with the next rows, or after this. */
const markDelayMs = 250;

export class Projector {
  #queue: { shard: ProjectedShard; commit: TrackedCommit }[] = [];
  #extraRows: Row[] = [];
  #dirty = new Set<ProjectedShard>();
  #isWriting = false;
  #isScheduled = false;
  #isStopped = false;
  #cancelMarkTimer: (() => void) | undefined;
  #hurriedUntilMs = 0;
  #deps: ProjectorDeps;
  #idleWaiters: (() => void)[] = [];
  /** Writes of heads that did not succeed yet, oldest first. */
  #openHeads = new Set<number>();
  #headsTicket = 0;
  /** They wait for the lease, oldest first. */
  #heldHeads: HeldHeads[] = [];
  #isAwaitingLease = false;
  #headsWaiters: { ticket: number; resolve: () => void }[] = [];
  /** Bytes committed and not yet in the views. */
  lagBytes = 0;

  constructor(deps: ProjectorDeps) {
    this.#deps = deps;
  }

  add(shard: ProjectedShard, commit: TrackedCommit): void {
    this.lagBytes += commit.logged.bytes;
    this.#queue.push({ shard, commit });
    this.#schedule();
  }

  /** V2: whoever heard the bell or the ack finds this head or a later one. */
  putHeads(shard: ProjectedShard, heads: ReadonlyMap<string, Head>): void {
    this.#headsTicket += 1;
    this.#openHeads.add(this.#headsTicket);
    this.#heldHeads.push({ shard, heads, ticket: this.#headsTicket });
    this.#writeHeads();
  }

  /** V4 */
  #writeHeads(): void {
    if (this.#isStopped) return;
    if (!this.#deps.mayWriteHeads()) {
      this.#awaitLease();
      return;
    }
    for (const held of this.#heldHeads.splice(0)) {
      if (held.shard.isLive) this.#tryHeads(held);
      else this.#endHeads(held);
    }
  }

  #awaitLease(): void {
    if (this.#isAwaitingLease) return;
    this.#isAwaitingLease = true;
    this.#deps.clock.after(this.#deps.limits.retryMinMs, () => {
      this.#isAwaitingLease = false;
      if (this.#heldHeads.length > 0) this.#writeHeads();
    });
  }

  #tryHeads(held: HeldHeads): void {
    // A store that throws instead of rejecting must not end the commit that asked.
    const put = async () => this.#deps.heads.put(held.heads);
    put().then(
      () => this.#endHeads(held),
      (cause: unknown) => {
        this.#deps.onTrouble("Heads cannot be written", cause);
        this.#deps.clock.after(this.#deps.limits.retryMaxMs, () => {
          this.#heldHeads.push(held);
          this.#writeHeads();
        });
      },
    );
  }

  #endHeads({ ticket }: HeldHeads): void {
    this.#openHeads.delete(ticket);
    this.#wakeHeadsWaiters();
  }

  /** Later ones are not waited for: under load one is always open. */
  #headsWritten(): Promise<void> {
    const ticket = this.#headsTicket;
    return new Promise((resolve) => {
      this.#headsWaiters.push({ ticket, resolve });
      this.#wakeHeadsWaiters();
    });
  }

  #wakeHeadsWaiters(): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#openHeads;
    const woken = this.#headsWaiters.filter(({ ticket }) => ticket < oldest);
    if (woken.length === 0) return;
    this.#headsWaiters = this.#headsWaiters.filter(({ ticket }) => ticket >= oldest);
    for (const { resolve } of woken) resolve();
  }

  /** Rows that follow from no single commit (a due-index rebuilt at takeover). */
  addRows(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    this.#extraRows.push(...rows);
    this.#schedule();
  }

  /** Something of this shard was told or confirmed: its mark may move. */
  touch(shard: ProjectedShard): void {
    this.#dirty.add(shard);
    if (this.#isWriting || this.#isScheduled || this.#cancelMarkTimer) return;
    const isHurried = this.#deps.clock.monotonicMs() < this.#hurriedUntilMs;
    this.#cancelMarkTimer = this.#deps.clock.after(isHurried ? 0 : markDelayMs, () => {
      this.#cancelMarkTimer = undefined;
      this.#schedule();
    });
  }

  /** For `forMs` from now on rows and marks are written at once: a shard waits for its tail to be empty. */
  hurry(forMs: number): void {
    this.#hurriedUntilMs = this.#deps.clock.monotonicMs() + forMs;
    this.#deps.views.hurry?.(forMs);
    this.#cancelMarkTimer?.();
    this.#cancelMarkTimer = undefined;
    if (this.#dirty.size > 0) this.#schedule();
  }

  /** Resolves when nothing waits to be written and every mark is up to date. */
  async settled(): Promise<void> {
    if (this.#queue.length > 0 || this.#dirty.size > 0) this.#schedule();
    while (this.#isWriting || this.#isScheduled) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelMarkTimer?.();
  }

  #schedule(): void {
    if (this.#isWriting || this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#deps.clock.soon(() => {
      this.#isScheduled = false;
      void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    if (this.#isWriting || this.#isStopped) return;
    this.#isWriting = true;
    while (!this.#isStopped && (this.#queue.length > 0 || this.#extraRows.length > 0 || this.#dirty.size > 0)) {
      await this.#writeOnce();
    }
    this.#isWriting = false;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #writeOnce(): Promise<void> {
    const { views, sink, limits, stats } = this.#deps;
    const rows: Row[] = this.#extraRows.splice(0);
    const batch: TrackedCommit[] = [];
    let taken = 0;
    for (const { shard, commit } of this.#queue) {
      if (rows.length >= limits.maxRowsPerWrite) break;
      taken += 1;
      this.#dirty.add(shard);
      for (const row of shard.rowsOf(commit)) rows.push(row);
      batch.push(commit);
    }
    this.#queue.splice(0, taken);
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    // Commits published before this flush are told after it; decide which now, as more are published meanwhile.
    const published = dirty.flatMap(({ tail }) => tail.filter(({ isPublished, isTold }) => isPublished && !isTold));
    await this.#untilDone("Notifications cannot be flushed", () => sink.flush());
    for (const commit of published) commit.isTold = true;
    if (this.#openHeads.size > 0) await this.#headsWritten(); // V2
    const inBatch = new Set(batch);
    const moved = dirty.flatMap((shard) => {
      const mark = shard.isLive ? markOf(shard, inBatch) : undefined;
      return mark ? [{ shard, mark }] : [];
    });
    if (rows.length > 0 || moved.length > 0) {
      const marks = moved.map(({ mark }) => mark);
      await this.#untilDone("The views cannot be written", () => views.write({ rows, marks }));
      stats.rowsWritten += rows.length;
      stats.viewWrites += 1;
    }
    for (const commit of batch) {
      commit.isProjected = true;
      this.lagBytes -= commit.logged.bytes;
    }
    for (const { shard, mark } of moved) shard.advance(mark);
  }

  /** A store that is away stops the marks, never the truth: the write is repeated until it is taken. */
  async #untilDone(trouble: string, write: () => Promise<void>): Promise<void> {
    let pauseMs = this.#deps.limits.retryMinMs;
    while (!this.#isStopped) {
      try {
        await write();
        return;
      } catch (cause) {
        this.#deps.onTrouble(trouble, cause);
      }
      await new Promise<void>((resolve) => this.#deps.clock.after(pauseMs, resolve));
      pauseMs = Math.min(pauseMs * 2, this.#deps.limits.retryMaxMs);
    }
  }
}

/** V3: the last commit of the longest done prefix of the tail, counting `inBatch` as projected. */
function markOf(shard: ProjectedShard, inBatch: ReadonlySet<TrackedCommit>): Mark | undefined {
  let last: TrackedCommit | undefined;
  for (const commit of shard.tail) {
    if (!commit.isTold || commit.outboxLeft > 0 || !(commit.isProjected || inBatch.has(commit))) break;
    last = commit;
  }
  return last && { shard: shard.index, sequence: last.logged.sequence, commitId: last.logged.id };
}
