// Commits of a shard that are not done yet, oldest first, and the outbox entries that stand in them.
import { Outbox, type OutboxDeps, type Sendable } from "../calls/outbox.ts";
import type { DecidedRecord } from "../log/decided-record.ts";
import type { LoggedCommit } from "../log/outcomes.ts";
import type { TrackedCommit } from "../log/projector.ts";
import type { Mark } from "../ports.ts";
import type { OutboxEntry } from "../record.ts";

interface ShardTailDeps extends Omit<OutboxDeps, "reappend"> {
  /** The commit is new in the tail: it is to be projected. */
  project(commit: TrackedCommit): void;
  /** An outbox entry was confirmed: the mark may move. */
  touch(): void;
  /** Adds the entries to the log once more; `output` says when they are in. */
  reappend(entries: readonly OutboxEntry[], bytes: number, output: (isCommitted: boolean) => void): void;
}

export class ShardTail {
  commits: TrackedCommit[] = [];
  bytes = 0;
  #deps: ShardTailDeps;
  #outbox: Outbox;

  constructor(deps: ShardTailDeps) {
    this.#deps = deps;
    this.#outbox = new Outbox({
      ...deps,
      reappend: (entries, bytes, landed) => this.#reappend(entries, bytes, landed),
    });
  }

  /** A commit of our own: the outputs that wait for it publish its notifications. */
  add(logged: LoggedCommit): void {
    const tracked = this.#track(logged, true);
    this.#outbox.add([...this.#sendables(tracked)]);
  }

  /** Commits of the owner before us; a replay publishes their notifications again. */
  inherit(commits: readonly LoggedCommit[]): TrackedCommit[] {
    const tracked = commits.map((commit) => this.#track(commit, false));
    // outbox/order: an entry that was appended again stands behind entries with higher stamps.
    const sendables = tracked.flatMap((commit) => [...this.#sendables(commit)]);
    this.#outbox.add(sendables.sort((a, b) => a.entry.stamp - b.entry.stamp));
    return tracked;
  }

  /** Every commit up to the mark is done. */
  advance(mark: Mark): void {
    const done = this.commits.findIndex(({ logged }) => logged.sequence === mark.sequence);
    if (done < 0) return;
    for (const { logged } of this.commits.splice(0, done + 1)) this.bytes -= logged.bytes;
  }

  close(): void {
    this.#outbox.stop();
    this.commits = [];
    this.bytes = 0;
  }

  #track(logged: LoggedCommit, isPublished: boolean): TrackedCommit {
    const tracked: TrackedCommit = { logged, outboxLeft: 0, isPublished, isFlushed: false, isProjected: false };
    this.commits.push(tracked);
    this.bytes += logged.bytes;
    for (const { record } of logged.records) tracked.outboxLeft += record.outbox?.length ?? 0;
    tracked.outboxLeft += logged.reappended.length;
    this.#deps.project(tracked);
    return tracked;
  }

  /** Entries that we appended again ourselves are in the outbox already: it counts them down. */
  *#sendables(tracked: TrackedCommit): Generator<Sendable> {
    for (const decided of tracked.logged.records) {
      for (const entry of decided.record.outbox ?? []) {
        yield { entry, confirmed: () => this.#confirm(tracked, decided) };
      }
    }
    if (!tracked.logged.isInherited) return;
    for (const entry of tracked.logged.reappended) yield { entry, confirmed: () => this.#confirm(tracked) };
  }

  #confirm(tracked: TrackedCommit, decided?: DecidedRecord): void {
    tracked.outboxLeft -= 1;
    if (tracked.outboxLeft === 0) this.#deps.touch();
    if (decided?.unconfirmed === undefined) return;
    decided.unconfirmed -= 1;
    if (decided.unconfirmed === 0) decided.onConfirmed?.();
  }

  #reappend(entries: OutboxEntry[], bytes: number, landed: (confirm: () => void) => void): void {
    this.#deps.reappend(entries, bytes, (isCommitted) => {
      const tracked = this.commits.at(-1);
      if (isCommitted && tracked) landed(() => this.#confirm(tracked));
    });
  }
}
