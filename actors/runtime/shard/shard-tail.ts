// Commits of a shard that are not done yet, oldest first, and the commands that stand in them (outbox).
import { Outbox, type Sendable } from "../calls/outbox.ts";
import type { TrackedCommit } from "../log/projector.ts";
import type { LoggedCommit } from "../log/shard-log.ts";
import type { Mark } from "../ports.ts";
import type { OutboxEntry } from "../record.ts";
import type { DecidedRecord, ShardHost } from "../shard-host.ts";
import type { ShardRuntime } from "./shard-runtime.ts";

export class ShardTail {
  commits: TrackedCommit[] = [];
  bytes = 0;
  #shard: ShardRuntime;
  #host: ShardHost;
  #outbox: Outbox;

  constructor(shard: ShardRuntime, host: ShardHost) {
    this.#shard = shard;
    this.#host = host;
    this.#outbox = new Outbox({
      shard: shard.index,
      clock: host.ports.clock,
      limits: host.limits,
      deliver: (entry, from, attempt) => host.deliver(entry, from, attempt),
      carry: (entries, bytes, landed) => this.#carry(entries, bytes, landed),
      onTrouble: (message, cause) => host.trouble(message, cause),
    });
  }

  /** A commit of our own: it is published by the outputs that follow it. */
  add(logged: LoggedCommit): void {
    const tracked = this.#track(logged, true);
    this.#outbox.add([...this.#sendables(tracked)]);
  }

  /** What the owner before us left: published again by whoever asked for it. */
  inherit(commits: readonly LoggedCommit[]): TrackedCommit[] {
    const tracked = commits.map((commit) => this.#track(commit, false));
    // O1: a carried entry stands in a later commit than entries with higher stamps.
    const sendables = tracked.flatMap((commit) => [...this.#sendables(commit)]);
    this.#outbox.add(sendables.sort((a, b) => a.entry.stamp - b.entry.stamp));
    return tracked;
  }

  /** Everything up to the mark is done: forget it. */
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
    const tracked: TrackedCommit = { logged, outboxLeft: 0, isPublished, isTold: false, isProjected: false };
    this.commits.push(tracked);
    this.bytes += logged.bytes;
    for (const { record } of logged.records) tracked.outboxLeft += record.outbox?.length ?? 0;
    tracked.outboxLeft += logged.carried.length;
    this.#host.projector.add(this.#shard, tracked);
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
    if (tracked.outboxLeft === 0) this.#host.projector.touch(this.#shard);
    if (encoded?.unconfirmed === undefined) return;
    encoded.unconfirmed -= 1;
    if (encoded.unconfirmed === 0) encoded.onConfirmed?.();
  }

  #carry(entries: OutboxEntry[], bytes: number, landed: (confirm: () => void) => void): void {
    this.#host.stats.carried += entries.length;
    this.#shard.log.carry(entries, bytes, (committed) => {
      const tracked = this.commits.at(-1);
      if (committed && tracked) landed(() => this.#confirm(tracked));
    });
    this.#host.markDirty(this.#shard);
  }
}
