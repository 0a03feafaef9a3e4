// Sends the commands that actors of a shard decided for other actors, from the tail of the shard's log.
// outbox/order: entries of a source shard go to one target in stamp order, one unconfirmed at a time, so that the receiver can
//     keep one watermark per source shard.
// outbox/re-append: an entry is repeated until it is confirmed. An entry unconfirmed for `reappendAfterMs` is appended to the
//     log again, with its old stamp, so that the mark may pass the commit in which it stood.
import { Backoff } from "../../shared/backoff.ts";
import { sleep } from "../../shared/sleep.ts";
import { utf8Length } from "../../shared/utf8.ts";
import { RuntimeError } from "../errors.ts";
import type { Reply } from "../invocation.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { OutboxEntry } from "../record.ts";

/** A committed entry, and what counts its commit down. */
export interface Sendable {
  readonly entry: OutboxEntry;
  /** Called once. */
  confirmed(): void;
}

export interface OutboxDeps {
  shard: number;
  clock: Clock;
  limits: RuntimeLimits;
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
  /** Appends the entries again; once they are in the log, `landed` gets what counts the new commit down, once per entry. */
  reappend(entries: OutboxEntry[], bytes: number, landed: (confirm: () => void) => void): void;
  reportError(message: string, cause: unknown): void;
}

interface Queued {
  readonly entry: OutboxEntry;
  queuedMs: number;
  /** A commit with this entry is on its way: the entry is not appended twice at once, however long the log is away. */
  isReappending: boolean;
  /** Counts the commit down in which the entry stands; replaced when the entry is appended again. */
  confirmed(): void;
}

/** The entries for one target. */
interface Line {
  readonly queue: Queued[];
  readonly backoff: Backoff;
  isSending: boolean;
  /** Failed tries since the last confirmed entry: each goes to the next host in rank, as any may be the owner. */
  attempt: number;
}

export class Outbox {
  #lines = new Map<string, Line>();
  #deps: OutboxDeps;
  #isStopped = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Queues committed entries: stamps rise within a call and from call to call (outbox/order). */
  add(entries: readonly Sendable[]): void {
    const queuedMs = this.#deps.clock.monotonicMs();
    for (const { entry, confirmed } of entries) {
      const key = `${entry.to.kind}/${entry.to.key}`;
      const line = this.#lines.get(key) ?? this.#openLine(key);
      line.queue.push({ entry, queuedMs, isReappending: false, confirmed });
      if (!line.isSending) void this.#send(key, line);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#lines.clear();
  }

  #openLine(key: string): Line {
    const { retryMinMs: minMs, retryMaxMs: maxMs } = this.#deps.limits;
    const line = { queue: [], backoff: new Backoff({ minMs, maxMs }), isSending: false, attempt: 0 };
    this.#lines.set(key, line);
    return line;
  }

  async #send(key: string, line: Line): Promise<void> {
    line.isSending = true;
    while (line.queue.length > 0 && !this.#isStopped) {
      const head = line.queue[0]!;
      if (await this.#deliver(head.entry, line.attempt)) {
        line.queue.shift();
        line.attempt = 0;
        line.backoff.reset();
        if (!this.#isStopped) head.confirmed();
        continue;
      }
      line.attempt += 1;
      const waitedMs = this.#deps.clock.monotonicMs() - head.queuedMs;
      if (waitedMs > this.#deps.limits.reappendAfterMs && !head.isReappending) this.#reappend(line);
      await sleep(this.#deps.clock, line.backoff.next());
    }
    line.isSending = false;
    if (line.queue.length === 0) this.#lines.delete(key);
  }

  async #deliver(entry: OutboxEntry, attempt: number): Promise<boolean> {
    try {
      const reply = await this.#deps.deliver(entry, { shard: this.#deps.shard, stamp: entry.stamp }, attempt);
      return reply.kind === "ok";
    } catch (cause) {
      if (!(cause instanceof RuntimeError)) {
        this.#deps.reportError(`outbox of shard ${this.#deps.shard}: ${entry.to.kind} ${entry.to.key}`, cause);
      }
      return false;
    }
  }

  /** The whole line moves to new commits, in parts of `maxCommitBytes`; order and stamps stay. */
  #reappend(line: Line): void {
    let part: Queued[] = [];
    let bytes = 0;
    for (const queued of line.queue) {
      if (queued.isReappending) continue;
      const size = utf8Length(JSON.stringify(queued.entry));
      if (part.length > 0 && bytes + size > this.#deps.limits.maxCommitBytes) {
        this.#reappendPart(part, bytes);
        part = [];
        bytes = 0;
      }
      part.push(queued);
      bytes += size;
    }
    if (part.length > 0) this.#reappendPart(part, bytes);
  }

  #reappendPart(part: readonly Queued[], bytes: number): void {
    const originals = part.map((queued) => queued.confirmed);
    // Entries may be confirmed while the new commit is on its way: they are counted, and taken off the new commit later.
    let confirmedEarly = 0;
    let confirm = () => {
      confirmedEarly += 1;
    };
    for (const queued of part) {
      queued.isReappending = true;
      queued.confirmed = () => confirm();
    }
    const entries = part.map(({ entry }) => entry);
    this.#deps.reappend(entries, bytes, (confirmReappended) => {
      const queuedMs = this.#deps.clock.monotonicMs();
      for (const queued of part) {
        queued.isReappending = false;
        queued.queuedMs = queuedMs;
      }
      for (const confirmed of originals) confirmed();
      confirm = confirmReappended;
      for (let i = 0; i < confirmedEarly; i += 1) confirmReappended();
    });
  }
}
