// Heads in Redis: a cache that may lose everything and never answers an old head.
//
// Guarantee: a `getMany` that begins after a `put` of (conversation, version) resolved, at any host, answers that version, a
// later one, or nothing. This assumes three things. The owner of a conversation begins its puts in the order of their
// versions. The `writers` of a reader name every host whose puts count, until `writerLost` was called there for that host.
// Redis's clock runs like ours within 5 % and is not set back.
//
// heads/generation: every value stands under a generation, `<run of the server>.<random>`. Values of another generation, and
//     a generation of another run than the connection's, read as nothing: a Redis that restarted or failed over reads as
//     empty.
// heads/version: of two versions the higher one stays. A put writes only under the generation in which it began. Under
//     another generation it leaves its version without a head: then no older head shows, and no former owner's head counts
//     as the newest.
// heads/remember: a put resolves when it is written, or when it is remembered here (the latest head per conversation, at
//     most `maxRemembered`) and no reader can read (heads/lease). Remembered heads are written before this host holds its
//     lease again. Beyond the bound the remembered heads are dropped and the generation is changed.
// heads/lease: every writer holds a lease in Redis while it remembers nothing. A reader reads every writer's lease in the
//     same MGET and answers nothing when one is missing. A put that cannot be written waits until the own lease is over. A
//     lease ends at a time of Redis's clock, so a renewal that arrives late cannot extend it.
// heads/lost-writer: what a lost host remembered is lost with it, so `writerLost` changes the generation, once per writer,
//     and this host reads nothing until that is done. A writer whose lease is still held remembered nothing: all its
//     answered puts are written. Hence a put may resolve at the end of its lease only while `isOpen`: no host has treated
//     this one as lost yet. After a failover the newest lost writers are reported to the new server again, which may hold
//     their puts.
// heads/offer: what an actor answered a reader is stored only under the generation that the reader had found before it
//     asked: puts made since then are still there, and newer.
import type { Head } from "../../actors/runtime/head.ts";
import type { Clock, Heads, Random } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import type { RedisLink } from "./client.ts";
import { HeadsBacklog } from "./heads-backlog.ts";
import { clockKnownMs, HeadsStore, type Remembered } from "./heads-store.ts";
import { WaitingPuts } from "./waiting-puts.ts";

interface RedisHeadsOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** This host's boot, as `writers` names it. Undefined: this host never puts. */
  writer(): string | undefined;
  /** Every host that may put, including this one; a host whose end is not known yet is still among them. */
  writers(): readonly string[];
  /** No other host has declared this one lost. */
  isOpen(): boolean;
  /** heads/lease. Default 3 000. While a host is cut off from Redis for longer, lists ask the actors. */
  readonly leaseMs?: number;
  /** heads/remember. Default 100 000. */
  readonly maxRemembered?: number;
}

export interface RedisHeads extends Heads {
  /**
   * Reports a host that ended without `close`, or with `clean: false`. Empties the cache if that host may have left puts
   * unwritten; only once, however many hosts call it. While Redis is away the report waits for it.
   */
  writerLost(writer: string): Promise<void>;
  status(): { isHeld: boolean; remembered: number };
  /**
   * Waiting puts stay unanswered. `clean: false`: heads were not written, and the other hosts must call `writerLost` for
   * this one.
   */
  close(): Promise<{ clean: boolean }>;
}

const leaseMsDefault = 3_000;
const renewalsPerLease = 6;
const maxRememberedDefault = 100_000;
/** Offers under way at once; more are dropped, and the next reader offers again. */
const maxOffers = 64;
const clockDrift = 0.05;

interface Batch {
  readonly latest: Map<string, Remembered>;
  readonly isWritten: Promise<boolean>;
}

/** Resolves when the lease is held, or when Redis became unreachable. */
export async function openRedisHeads(options: RedisHeadsOptions): Promise<RedisHeads> {
  const heads = new HeadsInRedis(options);
  await heads.settle();
  return heads;
}

class HeadsInRedis implements RedisHeads {
  #options: RedisHeadsOptions;
  #store: HeadsStore;
  #leaseMs: number;
  #writer: string | undefined;
  #run: string | undefined;
  /** The generation last read; puts begin in it. */
  #gen = "";
  /** This host holds its lease and remembers nothing, so puts go to Redis at once. */
  #isHeld = false;
  /** When every lease that was sent is certainly over, in this host's monotonic time. */
  #leaseEndMs = 0;
  /** The same for leases at a former server: after a failover some readers may still be connected to it. */
  #formerEndMs = 0;
  #hasPut = false;
  #batch: Batch | undefined;
  #backlog: HeadsBacklog;
  #waiting: WaitingPuts;
  #cancelRenewal = () => {};
  #settling: Promise<void> | undefined;
  #hasLogged = false;
  /** The generation that each answer of `getMany` was read in (heads/offer). */
  #genOf = new WeakMap<ReadonlyMap<string, Head>, string>();
  #offers = 0;
  #isClosed = false;
  #stopListening: () => void;

  constructor(options: RedisHeadsOptions) {
    this.#options = options;
    this.#store = new HeadsStore(options.link, options.clock, options.random);
    this.#leaseMs = options.leaseMs ?? leaseMsDefault;
    this.#backlog = new HeadsBacklog(options.maxRemembered ?? maxRememberedDefault, () => {
      this.#isHeld = false;
      this.#logOnce("redis: too many heads remembered, lists ask the actors");
    });
    this.#waiting = new WaitingPuts(options.clock, (ticket) => this.#isSafe(ticket));
    this.#stopListening = options.link.onChange((state) => {
      this.#isHeld = false;
      if (state === "away") return;
      this.#hasLogged = false;
      void this.settle();
    });
    void this.settle();
    this.#renewLater();
  }

  async put(heads: ReadonlyMap<string, Head>): Promise<void> {
    if (heads.size === 0) return;
    const gen = this.#gen;
    if (!this.#hasPut) this.#leaseEndMs = Math.max(this.#leaseEndMs, this.#nowMs() + this.#spanMs());
    this.#hasPut = true;
    if (this.#isHeld && this.#options.writer() === this.#writer) {
      this.#batch ??= this.#startBatch();
      const { latest, isWritten } = this.#batch;
      for (const [id, head] of heads) {
        const known = latest.get(id);
        if (known === undefined || known.head.version <= head.version) latest.set(id, { gen, head });
      }
      if (await isWritten) return await this.#waiting.until(0);
    }
    const ticket = this.#backlog.remember(heads, gen);
    void this.settle();
    await this.#waiting.until(ticket);
  }

  /** Puts of many shards arrive in one tick: one script for all of them costs a fifth of a script for each. */
  #startBatch(): Batch {
    const latest: Batch["latest"] = new Map();
    const send = async (): Promise<boolean> => {
      this.#batch = undefined;
      try {
        const found = await this.#store.put([...latest]);
        if (found !== this.#gen) void this.settle().then(() => this.settle()); // reads the other generation (heads/version)
        return true;
      } catch (error) {
        this.#loseLease(error);
        return false;
      }
    };
    return { latest, isWritten: new Promise((resolve) => this.#options.clock.soon(() => resolve(send()))) };
  }

  async getMany(conversationIds: readonly string[]): Promise<Map<string, Head>> {
    if (this.#backlog.isAllStale || this.#options.link.state() === "away") return new Map();
    // A remembered head is newer than the one in Redis.
    const asked = conversationIds.filter((id) => !this.#backlog.has(id));
    if (asked.length === 0) return new Map();
    try {
      const { found, gen } = await this.#store.getMany(asked, this.#options.writers());
      if (gen !== undefined) this.#genOf.set(found, gen);
      return found;
    } catch (error) {
      this.#logOnce("redis: heads unreadable, lists ask the actors", error);
      return new Map();
    }
  }

  offer(heads: ReadonlyMap<string, Head>, asked: ReadonlyMap<string, Head>): void {
    const gen = this.#genOf.get(asked); // heads/offer
    if (gen === undefined || heads.size === 0 || this.#offers >= maxOffers) return;
    this.#offers += 1;
    this.#store
      .put(
        [...heads].map(([id, head]) => [id, { gen, head }]),
        "offer",
      )
      .catch((error: unknown) => this.#logOnce("redis: heads not stored", error))
      .finally(() => {
        this.#offers -= 1;
      });
  }

  async writerLost(writer: string): Promise<void> {
    this.#backlog.addLost(writer);
    await this.settle();
    if (this.#backlog.hasLost(writer)) await this.settle(); // the first call joined a run that had begun before
  }

  status() {
    return { isHeld: this.#isHeld, remembered: this.#backlog.size };
  }

  async close(): Promise<{ clean: boolean }> {
    await this.settle();
    this.#isClosed = true;
    this.#isHeld = false;
    this.#stopListening();
    this.#cancelRenewal();
    this.#waiting.stop();
    return { clean: this.#backlog.isEmpty };
  }

  // — heads that could not be written —

  #loseLease(error: unknown): void {
    this.#isHeld = false;
    this.#logOnce("redis: heads not written, kept in memory", error);
  }

  /** Logs once until the lease is held again. */
  #logOnce(message: string, error?: unknown): void {
    if (!this.#hasLogged) this.#options.log.warn(message, error === undefined ? undefined : { error });
    this.#hasLogged = true;
  }

  /** The put is written, or no reader can read an older head, at a former server either. Ticket 0 means written. */
  #isSafe(ticket: number): boolean {
    const nowMs = this.#nowMs();
    if (this.#leaseEndMs <= nowMs && !this.#isHeld && this.#options.isOpen()) return true;
    return ticket <= this.#backlog.clearedTicket && this.#formerEndMs <= nowMs;
  }

  // — the lease —

  #renewLater(): void {
    this.#cancelRenewal = this.#options.clock.after(this.#leaseMs / renewalsPerLease, () => {
      if (this.#isClosed) return;
      this.#renewLater();
      void this.settle();
    });
  }

  /** Writes the backlog and takes the lease. Calls during a run share that run. */
  settle(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#settling ??= this.#settleOnce()
      .catch((error: unknown) => this.#loseLease(error))
      .finally(() => {
        this.#settling = undefined;
        this.#waiting.recheck();
      });
    return this.#settling;
  }

  async #settleOnce(): Promise<void> {
    const { link } = this.#options;
    const writer = this.#options.writer();
    if (writer !== this.#writer) {
      this.#writer = writer;
      this.#isHeld = false;
      this.#hasPut = false;
    }
    const run = link.run();
    if (run === undefined) return;
    if (this.#run !== run) {
      this.#formerEndMs = this.#leaseEndMs;
      if (this.#run !== undefined) this.#backlog.reportLostAgain();
    }
    this.#run = run;
    while (!this.#backlog.isEmpty) await this.#backlog.clear(this.#store);
    if (writer === undefined || link.run() !== run) return;
    const endMs = this.#nowMs() + this.#leaseMs;
    // Set before the renewal is sent: Redis may take a renewal whose answer is lost.
    this.#leaseEndMs = Math.max(this.#leaseEndMs, this.#nowMs() + this.#spanMs());
    const wasHeld = this.#isHeld;
    this.#gen = await this.#store.hold(writer, endMs);
    if (wasHeld) return;
    while (!this.#backlog.isEmpty) await this.#backlog.clear(this.#store);
    if (link.run() !== run) return;
    this.#isHeld = true;
    this.#hasLogged = false;
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** How long a lease may still look held to readers, in this host's time. */
  #spanMs(): number {
    return this.#leaseMs + (this.#leaseMs + clockKnownMs) * clockDrift;
  }
}
