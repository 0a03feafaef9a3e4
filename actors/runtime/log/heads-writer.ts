// Writes heads: from the commit that made them until they are in the store.
// heads-writer/first: a commit's heads are handed over before the commit is published or acknowledged, so a reader who knows of the
//     commit finds its head or a later one; and they are in the store before the mark passes the commit.
// heads-writer/lease: heads are written only while the lease is held. After the store lost everything, a late write of a former
//     owner would otherwise stand there as the newest.
// heads-writer/order: heads that waited for the lease are written before later ones, and only while their shard is owned. Otherwise an
//     old head could start behind its successor and stand as the newest if the store lost everything in between. The next
//     owner writes those that are left out, as no mark has passed their commits.
import type { Head } from "../head.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock, Heads } from "../ports.ts";

interface HeadsWriterDeps {
  heads: Pick<Heads, "put">;
  clock: Clock;
  limits: Pick<RuntimeLimits, "retryMinMs" | "retryMaxMs">;
  /** The host's lease is held (heads-writer/lease). */
  mayWrite(): boolean;
  reportError(message: string, cause: unknown): void;
}

interface Batch {
  readonly shard: { readonly isLive: boolean };
  readonly heads: ReadonlyMap<string, Head>;
  readonly ticket: number;
}

export class HeadsWriter {
  #deps: HeadsWriterDeps;
  #lastTicket = 0;
  /** Tickets of batches that are not in the store, oldest first. */
  #open = new Set<number>();
  /** Batches to write, oldest first. */
  #waiting: Batch[] = [];
  #isAwaitingLease = false;
  #callers: { ticket: number; resolve: () => void }[] = [];
  #isStopped = false;

  constructor(deps: HeadsWriterDeps) {
    this.#deps = deps;
  }

  put(shard: { readonly isLive: boolean }, heads: ReadonlyMap<string, Head>): void {
    this.#lastTicket += 1;
    this.#open.add(this.#lastTicket);
    this.#waiting.push({ shard, heads, ticket: this.#lastTicket });
    this.#writeWaiting();
  }

  /** Resolves when every batch put so far is in the store, or left out. Later ones are not waited for: one is always open. */
  written(): Promise<void> {
    const ticket = this.#lastTicket;
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#callers.push({ ticket, resolve });
      this.#wakeCallers();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  #writeWaiting(): void {
    if (this.#isStopped) return;
    if (!this.#deps.mayWrite()) {
      this.#awaitLease();
      return;
    }
    for (const batch of this.#waiting.splice(0)) {
      if (batch.shard.isLive) this.#write(batch);
      else this.#end(batch); // heads-writer/order
    }
  }

  #awaitLease(): void {
    if (this.#isAwaitingLease) return;
    this.#isAwaitingLease = true;
    this.#deps.clock.after(this.#deps.limits.retryMinMs, () => {
      this.#isAwaitingLease = false;
      if (this.#waiting.length > 0) this.#writeWaiting();
    });
  }

  #write(batch: Batch): void {
    // A store that throws instead of rejecting must not fail the commit whose heads these are.
    const put = async () => this.#deps.heads.put(batch.heads);
    put().then(
      () => this.#end(batch),
      (cause: unknown) => {
        this.#deps.reportError("heads cannot be written", cause);
        this.#deps.clock.after(this.#deps.limits.retryMaxMs, () => {
          this.#waiting.push(batch);
          this.#writeWaiting();
        });
      },
    );
  }

  #end({ ticket }: Batch): void {
    this.#open.delete(ticket);
    this.#wakeCallers();
  }

  #wakeCallers(): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#open;
    const woken = this.#callers.filter(({ ticket }) => ticket < oldest);
    if (woken.length === 0) return;
    this.#callers = this.#callers.filter(({ ticket }) => ticket >= oldest);
    for (const { resolve } of woken) resolve();
  }
}
