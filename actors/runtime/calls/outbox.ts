// Commands between actors, sent by the owner of the sender's shard from its tail.
// O1: per (source shard, target) entries go out in stamp order, one unconfirmed at a time, so that a receiver can keep one
//     watermark per source shard. O2: an entry is repeated until confirmed; unconfirmed for `carryAfterMs` it is carried.
import { utf8Length } from "../../shared/utf8.ts";
import { RuntimeError } from "../errors.ts";
import type { Reply } from "../invocation.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { OutboxEntry } from "../record.ts";

interface Queued {
  entry: OutboxEntry;
  queuedMs: number;
  /** A commit that carries it is on its way: it is not carried twice at once, however long the log is away. */
  isCarried: boolean;
  /** Counts the commit it stands in down; replaced when the entry is carried. */
  confirmed(): void;
}
interface Line {
  queue: Queued[];
  isSending: boolean;
  pauseMs: number;
  /** Failed tries since the last confirmed entry: the owner may be any host in rank. */
  attempt: number;
}
/** An entry with what counts its commit down. */
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
  /** Appends the entries again with their old stamps; once that is in the log, `confirm` counts its entries down. */
  carry(entries: OutboxEntry[], bytes: number, landed: (confirm: () => void) => void): void;
  onTrouble(message: string, cause: unknown): void;
}

export class Outbox {
  #lines = new Map<string, Line>();
  #deps: OutboxDeps;
  #isStopped = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Entries not confirmed yet. */
  get size(): number {
    let size = 0;
    for (const line of this.#lines.values()) size += line.queue.length;
    return size;
  }

  /** Queues committed entries: stamps rise within a call and from call to call (O1). */
  add(entries: readonly Sendable[]): void {
    const queuedMs = this.#deps.clock.monotonicMs();
    for (const { entry, confirmed } of entries) {
      const key = `${entry.to.kind}/${entry.to.key}`;
      let line = this.#lines.get(key);
      if (!line) {
        line = { queue: [], isSending: false, pauseMs: this.#deps.limits.retryMinMs, attempt: 0 };
        this.#lines.set(key, line);
      }
      line.queue.push({ entry, queuedMs, isCarried: false, confirmed });
      if (!line.isSending) void this.#send(key, line);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#lines.clear();
  }

  async #send(key: string, line: Line): Promise<void> {
    line.isSending = true;
    while (line.queue.length > 0 && !this.#isStopped) {
      const head = line.queue[0]!;
      if (await this.#deliver(head.entry, line.attempt)) {
        line.queue.shift();
        line.attempt = 0;
        line.pauseMs = this.#deps.limits.retryMinMs;
        if (!this.#isStopped) head.confirmed();
        continue;
      }
      line.attempt += 1;
      const waitedMs = this.#deps.clock.monotonicMs() - head.queuedMs;
      if (waitedMs > this.#deps.limits.carryAfterMs && !head.isCarried) this.#carry(line);
      await new Promise<void>((resolve) => this.#deps.clock.after(line.pauseMs, resolve));
      line.pauseMs = Math.min(line.pauseMs * 2, this.#deps.limits.retryMaxMs);
    }
    line.isSending = false;
    if (line.queue.length === 0) this.#lines.delete(key);
  }

  async #deliver(entry: OutboxEntry, attempt: number): Promise<boolean> {
    try {
      const reply = await this.#deps.deliver(entry, { shard: this.#deps.shard, stamp: entry.stamp }, attempt);
      return reply.kind === "ok";
    } catch (cause) {
      if (!(cause instanceof RuntimeError)) this.#deps.onTrouble(`Outbox to ${entry.to.kind} ${entry.to.key}`, cause);
      return false;
    }
  }

  /** O2: the whole line moves to new commits, so the mark may pass the old ones; order and stamps stay. */
  #carry(line: Line): void {
    let part: Queued[] = [];
    let bytes = 0;
    for (const queued of line.queue) {
      if (queued.isCarried) continue;
      const size = utf8Length(JSON.stringify(queued.entry));
      if (part.length > 0 && bytes + size > this.#deps.limits.maxCommitBytes) {
        this.#carryPart(part, bytes);
        part = [];
        bytes = 0;
      }
      part.push(queued);
      bytes += size;
    }
    if (part.length > 0) this.#carryPart(part, bytes);
  }

  #carryPart(part: readonly Queued[], bytes: number): void {
    const originals = part.map((queued) => queued.confirmed);
    let early = 0;
    let confirm = () => {
      early += 1;
    };
    for (const queued of part) {
      queued.isCarried = true;
      queued.confirmed = () => confirm();
    }
    this.#deps.carry(
      part.map(({ entry }) => entry),
      bytes,
      (confirmCarried) => {
        const queuedMs = this.#deps.clock.monotonicMs();
        for (const queued of part) {
          queued.isCarried = false;
          queued.queuedMs = queuedMs;
        }
        for (const confirmed of originals) confirmed();
        confirm = confirmCarried;
        for (let i = 0; i < early; i += 1) confirmCarried();
      },
    );
  }
}
