// Which users are compared with the present, and how fast: few at a time and a second, so that ten thousand sockets do not
// overload the actors after the notification bus has reconnected. One reading serves all connections of a user.
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Log } from "../../ports.ts";

interface ComparisonDeps {
  readonly clock: Pick<Clock, "after">;
  readonly log: Pick<Log, "warn">;
  elapsedMs(): number;
  /** The user has connections here. */
  isHere(userId: UserId): boolean;
  compare(userId: UserId): Promise<void>;
}

const comparesAtOnce = 16;
/** Users per second and gateway, one call to the user's actor each: ten thousand take 20 s. */
const comparesPerSecond = 500;
/** Users allowed at once after a quiet time. */
const compareBurst = 100;
const retryMs = 1_000;
const lookAgainMs = 20;

export class Comparisons {
  #deps: ComparisonDeps;
  /** Each user waits once. */
  #due = new Set<UserId>();
  #running = 0;
  #tokens = compareBurst;
  #filledMs = 0;
  #isTimed = false;

  constructor(deps: ComparisonDeps) {
    this.#deps = deps;
  }

  add(userId: UserId): void {
    this.#due.add(userId);
  }

  run(): void {
    this.#refill();
    for (const userId of this.#due) {
      if (this.#running >= comparesAtOnce) return;
      if (this.#tokens < 1) {
        this.#runLater();
        return;
      }
      this.#due.delete(userId);
      if (!this.#deps.isHere(userId)) continue;
      this.#tokens -= 1;
      this.#running += 1;
      void this.#compare(userId).finally(() => {
        this.#running -= 1;
        this.run();
      });
    }
  }

  async #compare(userId: UserId): Promise<void> {
    try {
      await this.#deps.compare(userId);
    } catch (thrown) {
      this.#deps.log.warn("comparison: failed", { userId, cause: String(thrown) });
      this.#deps.clock.after(retryMs, () => this.add(userId)); // the sweep runs it
    }
  }

  #refill(): void {
    const nowMs = this.#deps.elapsedMs();
    const earned = ((nowMs - this.#filledMs) * comparesPerSecond) / 1_000;
    this.#tokens = Math.min(compareBurst, this.#tokens + earned);
    this.#filledMs = nowMs;
  }

  #runLater(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#deps.clock.after(lookAgainMs, () => {
      this.#isTimed = false;
      this.run();
    });
  }
}
