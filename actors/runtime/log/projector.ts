// Writes the views from committed records, and moves the marks (J6). One per host, with one write in flight.
// projector/committed: only committed records are projected, idempotently, with the record's stamp as write time.
// projector/mark: a mark never passes a commit that is not done. A commit is done when its notifications were published and
//     flushed, its outbox entries were confirmed or appended again, and its rows and heads are written.
import { Backoff } from "../../shared/backoff.ts";
import { sleep } from "../../shared/sleep.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock, Mark, NotificationSink, Row, Views } from "../ports.ts";
import type { RuntimeStats } from "../stats.ts";
import type { LoggedCommit } from "./outcomes.ts";

/** A commit until it is done (projector/mark). */
export interface TrackedCommit {
  readonly logged: LoggedCommit;
  /** Outbox entries that are not confirmed yet. */
  outboxLeft: number;
  isPublished: boolean;
  /** Published, and handed to the network. */
  isFlushed: boolean;
  isProjected: boolean;
}

export interface ProjectedShard {
  readonly index: number;
  /** Commits that are not done, oldest first. */
  readonly tail: readonly TrackedCommit[];
  readonly isLive: boolean;
  /** Must not throw. */
  rowsOf(commit: TrackedCommit): Row[];
  /** Every commit up to the mark is done: the shard forgets them. */
  advance(mark: Mark): void;
}

interface ProjectorDeps {
  views: Views;
  sink: NotificationSink;
  clock: Clock;
  limits: RuntimeLimits;
  stats: RuntimeStats;
  /** Resolves when every head handed over so far is in the store. */
  headsWritten(): Promise<void>;
  reportError(message: string, cause: unknown): void;
}

/** A mark alone is worth no write at once: it goes with the next rows, or after this time. */
const markDelayMs = 250;

export class Projector {
  #queue: { shard: ProjectedShard; commit: TrackedCommit }[] = [];
  #extraRows: Row[] = [];
  /** Shards whose mark may move. */
  #touched = new Set<ProjectedShard>();
  #isWriting = false;
  #isScheduled = false;
  #isStopped = false;
  #cancelMarkTimer: (() => void) | undefined;
  #hurriedUntilMs = 0;
  #deps: ProjectorDeps;
  #idleWaiters: (() => void)[] = [];
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

  /** Rows that follow from no single commit (a due-index rebuilt when a shard is taken). */
  addRows(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    this.#extraRows.push(...rows);
    this.#schedule();
  }

  /** Notifications of this shard were published, or entries of its outbox confirmed: its mark may move. */
  touch(shard: ProjectedShard): void {
    this.#touched.add(shard);
    if (this.#isWriting || this.#isScheduled || this.#cancelMarkTimer) return;
    const isHurried = this.#deps.clock.monotonicMs() < this.#hurriedUntilMs;
    this.#cancelMarkTimer = this.#deps.clock.after(isHurried ? 0 : markDelayMs, () => {
      this.#cancelMarkTimer = undefined;
      this.#schedule();
    });
  }

  /** For `forMs` from now on rows and marks are written at once: a hand-over waits for a tail to be empty. */
  hurry(forMs: number): void {
    this.#hurriedUntilMs = this.#deps.clock.monotonicMs() + forMs;
    this.#deps.views.hurry?.(forMs);
    this.#cancelMarkTimer?.();
    this.#cancelMarkTimer = undefined;
    if (this.#touched.size > 0) this.#schedule();
  }

  /** Resolves when nothing waits to be written and every mark is up to date. */
  async settled(): Promise<void> {
    if (this.#queue.length > 0 || this.#touched.size > 0) this.#schedule();
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
    while (!this.#isStopped && (this.#queue.length > 0 || this.#extraRows.length > 0 || this.#touched.size > 0)) {
      await this.#writeOnce();
    }
    this.#isWriting = false;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #writeOnce(): Promise<void> {
    const { views, sink, headsWritten, stats } = this.#deps;
    const { rows, commits } = this.#takeBatch();
    const touched = [...this.#touched];
    this.#touched.clear();
    // Decided before the flush: commits that are published while the flush runs are not flushed by it.
    const published = touched.flatMap(({ tail }) =>
      tail.filter(({ isPublished, isFlushed }) => isPublished && !isFlushed),
    );
    await this.#untilDone("notifications cannot be flushed", () => sink.flush());
    for (const commit of published) commit.isFlushed = true;
    await headsWritten();
    const inBatch = new Set(commits);
    const moved = touched.flatMap((shard) => {
      const mark = shard.isLive ? markOf(shard, inBatch) : undefined;
      return mark ? [{ shard, mark }] : [];
    });
    if (rows.length > 0 || moved.length > 0) {
      const marks = moved.map(({ mark }) => mark);
      await this.#untilDone("the views cannot be written", () => views.write({ rows, marks }));
      stats.rowsWritten += rows.length;
      stats.viewWrites += 1;
    }
    for (const commit of commits) {
      commit.isProjected = true;
      this.lagBytes -= commit.logged.bytes;
    }
    for (const { shard, mark } of moved) shard.advance(mark);
  }

  #takeBatch(): { rows: Row[]; commits: TrackedCommit[] } {
    const rows: Row[] = this.#extraRows.splice(0);
    const commits: TrackedCommit[] = [];
    for (const { shard, commit } of this.#queue) {
      if (rows.length >= this.#deps.limits.maxRowsPerWrite) break;
      this.#touched.add(shard);
      for (const row of shard.rowsOf(commit)) rows.push(row);
      commits.push(commit);
    }
    this.#queue.splice(0, commits.length);
    return { rows, commits };
  }

  /** A store that is away stops the marks, not the log: the write is repeated until the store takes it. */
  async #untilDone(failure: string, write: () => Promise<void>): Promise<void> {
    const { clock, limits, reportError } = this.#deps;
    const backoff = new Backoff({ minMs: limits.retryMinMs, maxMs: limits.retryMaxMs });
    while (!this.#isStopped) {
      try {
        await write();
        return;
      } catch (cause) {
        reportError(failure, cause);
      }
      await sleep(clock, backoff.next());
    }
  }
}

/** The last commit of the longest done prefix of the tail; commits `inBatch` count as projected. */
function markOf(shard: ProjectedShard, inBatch: ReadonlySet<TrackedCommit>): Mark | undefined {
  let last: TrackedCommit | undefined;
  for (const commit of shard.tail) {
    if (!commit.isFlushed || commit.outboxLeft > 0 || !(commit.isProjected || inBatch.has(commit))) break;
    last = commit;
  }
  return last && { shard: shard.index, sequence: last.logged.sequence, commitId: last.logged.id };
}
