// Heads in Redis: a cache that may lose everything and is never stale.
//
// Guarantee: a `getMany` that begins after a `put` of (conversation, version) resolved, at any host, answers that version, a
// later one, or nothing. It stands on: puts of a conversation begin in the order of their versions, at its owner (V2 of the
// projector); `writers` of a reader names every host whose puts it must count on, until `writerLost` was called there for
// that host; Redis's clock runs like ours within 5 % and is not set back.
//
// H1: every value stands under a generation, `<run of the server>.<random>`. Values of another generation, and a generation
//     of another run than the connection's, read as nothing: a Redis that restarted or failed over is empty.
// H2: of two versions the higher one stays. A put writes only under the generation in which it began; under another it
//     leaves its version without a head, so that nothing older shows, and no former owner's head stands as the newest.
// H3: a put resolves when it is written, or remembered (latest head per conversation, at most `maxRemembered`) while no
//     reader can read: H4. Remembered heads are written before this host's lease is held again. Beyond the bound they are
//     dropped, and the generation is changed instead.
// H4: every writer holds a lease in Redis while it has nothing remembered. Readers read every writer's lease in the same
//     MGET: one missing, and they answer nothing. A put that cannot be written waits until the own lease is over.
//     The lease ends at a time of Redis's clock, so a renewal that comes late cannot stretch it.
// H5: what a lost host remembered is lost with it: `writerLost` changes the generation, once per writer; until that is done
//     this host reads nothing. A writer whose lease is held then left nothing: all that it answered is written. So a put is
//     answered for the end of its lease only while `isOpen`: nobody has looked at the lease of a lost writer by then.
//     Another server is told of the last ones again: some may have put there.
// H6: what an actor told a reader is kept only under the generation which that reader had found before he asked: whatever
//     was put since is still there, and newer.
import type { Head } from "../../actors/runtime/head.ts";
import type { Clock, Heads, Random } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import type { RedisLink } from "./client.ts";
import { HeadsBacklog } from "./heads-backlog.ts";
import { clockKnownMs, HeadsStore, type Remembered } from "./heads-store.ts";
import { WaitingPuts } from "./waiting-puts.ts";

export interface RedisHeadsOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** This host as `writers` names it, and only of this process: its boot. Undefined: it never puts. */
  writer(): string | undefined;
  /** Every host that may put, this one included if it does; hosts whose end is not known are among them. */
  writers(): readonly string[];
  /** Nobody has been told yet that this host is lost. */
  isOpen(): boolean;
  /** H4. Default 3 000. A host cut off from Redis for longer lets every list be asked of the actors. */
  readonly leaseMs?: number;
  /** H3. Default 100 000. */
  readonly maxRemembered?: number;
}

export interface RedisHeads extends Heads {
  /**
   * A host has ended without a word, or not `clean`: empties the cache if it may have left something unwritten, once however
   * many hosts call it; done when Redis is back if it is away.
   */
  writerLost(writer: string): Promise<void>;
  status(): { isHeld: boolean; remembered: number };
  /** Puts that still wait stay unanswered. `clean: false`: heads were not written. The others must then take this host for a lost one, and call writerLost. */
  close(): Promise<{ clean: boolean }>;
}

const leaseMsDefault = 3_000;
const renewalsPerLease = 6;
const maxRememberedDefault = 100_000;
/** Under way at once; more are not kept: the next reader offers them again. */
const maxOffers = 64;
const clockDrift = 0.05;

interface Batch {
  readonly latest: Map<string, Remembered>;
  readonly isWritten: Promise<boolean>;
}

/** Resolves when the lease is held, or Redis went away meanwhile. */
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
  /** The generation of which we know; puts begin in it. */
  #gen = "";
  /** H4: nothing of ours is remembered, so puts go to Redis at once. */
  #isHeld = false;
  /** Our time when every lease that was sent is over for sure, and every reader knows of this writer. */
  #leaseEndMs = 0;
  /** The same for leases at a former server: after a failover, some readers may still be connected to it. */
  #formerEndMs = 0;
  #hasPut = false;
  #batch: Batch | undefined;
  #backlog: HeadsBacklog;
  #waiting: WaitingPuts;
  #cancelRenewal = () => {};
  #settling: Promise<void> | undefined;
  #hasSaid = false;
  /** The generation of which an answer is (H6). */
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
      this.#say("redis: too many heads waiting, lists will ask the actors");
    });
    this.#waiting = new WaitingPuts(options.clock, (ticket) => this.#isSafe(ticket));
    this.#stopListening = options.link.onChange((state) => {
      this.#isHeld = false;
      if (state === "away") return;
      this.#hasSaid = false;
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

  /** Commits of many shards come in one tick: one script for all costs a fifth of one each. */
  #startBatch(): Batch {
    const latest: Batch["latest"] = new Map();
    const send = async (): Promise<boolean> => {
      this.#batch = undefined;
      try {
        const found = await this.#store.put([...latest]);
        if (found !== this.#gen) void this.settle().then(() => this.settle()); // H2: learn of the other generation
        return true;
      } catch (error) {
        this.#doubt(error);
        return false;
      }
    };
    return { latest, isWritten: new Promise((resolve) => this.#options.clock.soon(() => resolve(send()))) };
  }

  async getMany(conversationIds: readonly string[]): Promise<Map<string, Head>> {
    if (this.#backlog.isAllOld || this.#options.link.state() === "away") return new Map();
    // What is remembered is newer than what can be read.
    const asked = conversationIds.filter((id) => !this.#backlog.has(id));
    if (asked.length === 0) return new Map();
    try {
      const { found, gen } = await this.#store.getMany(asked, this.#options.writers());
      if (gen !== undefined) this.#genOf.set(found, gen);
      return found;
    } catch (error) {
      this.#say("redis: heads unreadable, lists ask the actors", error);
      return new Map();
    }
  }

  offer(heads: ReadonlyMap<string, Head>, asked: ReadonlyMap<string, Head>): void {
    const gen = this.#genOf.get(asked); // H6
    if (gen === undefined || heads.size === 0 || this.#offers >= maxOffers) return;
    this.#offers += 1;
    this.#store
      .put(
        [...heads].map(([id, head]) => [id, { gen, head }]),
        "offer",
      )
      .catch((error: unknown) => this.#say("redis: heads not stored", error))
      .finally(() => {
        this.#offers -= 1;
      });
  }

  async writerLost(writer: string): Promise<void> {
    this.#backlog.addLost(writer);
    await this.settle();
    if (this.#backlog.hasLost(writer)) await this.settle(); // the first one was under way already
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

  // — what could not be written —

  #doubt(error: unknown): void {
    this.#isHeld = false;
    this.#say("redis: heads not written, kept in memory", error);
  }

  /** Once, until the lease is held again. */
  #say(message: string, error?: unknown): void {
    if (!this.#hasSaid) this.#options.log.warn(message, error === undefined ? undefined : { error });
    this.#hasSaid = true;
  }

  /** H3–H5: it is written, or no reader can read; after a failover at the former server, too. A ticket of 0 is written. */
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

  /** One at a time. */
  settle(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#settling ??= this.#bringUp()
      .catch((error: unknown) => this.#doubt(error))
      .finally(() => {
        this.#settling = undefined;
        this.#waiting.look();
      });
    return this.#settling;
  }

  async #bringUp(): Promise<void> {
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
      if (this.#run !== undefined) this.#backlog.lostElsewhere();
    }
    this.#run = run;
    while (!this.#backlog.isEmpty) await this.#backlog.clear(this.#store);
    if (writer === undefined || link.run() !== run) return;
    const endMs = this.#nowMs() + this.#leaseMs;
    // Set before it is sent: a renewal whose answer never comes may have been taken.
    this.#leaseEndMs = Math.max(this.#leaseEndMs, this.#nowMs() + this.#spanMs());
    const wasHeld = this.#isHeld;
    this.#gen = await this.#store.hold(writer, endMs);
    if (wasHeld) return;
    while (!this.#backlog.isEmpty) await this.#backlog.clear(this.#store);
    if (link.run() !== run) return;
    this.#isHeld = true;
    this.#hasSaid = false;
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** How long a lease of ours may look held, in our time. */
  #spanMs(): number {
    return this.#leaseMs + (this.#leaseMs + clockKnownMs) * clockDrift;
  }
}
