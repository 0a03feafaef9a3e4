// SYNC: asks for the difference to what is held, page after page. One SYNC runs at a time.
import { Backoff } from "../../actors/shared/backoff.ts";
import { ClientError } from "./base/errors.ts";
import type { ClientLimits } from "./base/limits.ts";
import type { Platform } from "./base/platform.ts";
import type { ServerFrame, SyncResult } from "./base/wire.ts";
import type { Replica } from "./replica/replica.ts";

interface SyncOptions {
  ask(type: string, data: object): Promise<ServerFrame>;
  readonly replica: Replica;
  readonly platform: Pick<Platform, "clock" | "random">;
  readonly limits: Pick<ClientLimits, "gapWaitMs" | "maxDeferredFrames" | "maxSyncPages">;
}

const retryMsMin = 500;
const retryMsMax = 30_000;

export class Sync {
  readonly #options: SyncOptions;
  readonly #backoff: Backoff;
  #running: Promise<void> | undefined;
  /** Asked for while one was running: its answer may be older than the request, so another one follows. */
  #isWanted = false;
  #cancel: (() => void) | undefined;
  #deferred: (() => void)[] = [];
  #isOpen = false;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ minMs: retryMsMin, maxMs: retryMsMax, unit: options.platform.random });
  }

  /** A socket is served: a SYNC that the last socket did not finish is asked for again. */
  opened(): void {
    this.#isOpen = true;
    if (this.#isWanted) this.request(0);
  }

  lost(): void {
    this.#isOpen = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Soon, and again until it succeeds. */
  request(afterMs: number = this.#options.limits.gapWaitMs): void {
    this.#isWanted = true;
    if (!this.#isOpen) return;
    this.#cancel ??= this.#options.platform.clock.after(afterMs, () => {
      this.#cancel = undefined;
      // After a failure #isWanted stays true: the next try, or the next socket, asks again.
      this.run().catch(() => this.request(this.#backoff.next()));
    });
  }

  /** Resolves when everything up to now is held. */
  async run(): Promise<void> {
    this.#isWanted = true;
    while (this.#isWanted) await (this.#running ?? this.#begin());
  }

  /**
   * An answer to SYNC is older than the frames that arrive before it, so their changes wait until the SYNC ends. Beyond
   * `maxDeferredFrames` they are dropped, and another SYNC follows.
   */
  defer(apply: () => void): void {
    if (this.#running === undefined) apply();
    else if (this.#deferred.length < this.#options.limits.maxDeferredFrames) this.#deferred.push(apply);
    else this.#isWanted = true;
  }

  async #begin(): Promise<void> {
    this.#isWanted = false;
    this.#running = this.#pages();
    try {
      await this.#running;
      this.#backoff.reset();
    } catch (error) {
      this.#isWanted = true;
      throw error;
    } finally {
      this.#running = undefined;
      for (const apply of this.#deferred.splice(0)) apply();
    }
  }

  async #pages(): Promise<void> {
    const { ask, replica, limits } = this.#options;
    for (let page = 0; page < limits.maxSyncPages; page += 1) {
      const { data, timestamp } = await ask("SYNC", replica.vector());
      const result = data as unknown as SyncResult;
      replica.sync(result, timestamp);
      if (!result.hasMore) return;
    }
    throw new ClientError("malformed", `A SYNC has more than ${limits.maxSyncPages} pages.`);
  }
}
