// Who is compared with the present, and how fast.
// Q1: few at a time, and so many per second: after a reconnect of the bell ten thousand sockets do not storm the actors.
// Q2: one reading serves all sockets of a user. Q3: a user waits once; what failed is repeated after a pause.
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Edge } from "../edge.ts";
import { compare } from "./sync.ts";

const comparesAtOnce = 16;
/** Users per second and gateway: one call to the user's actor each. Ten thousand are through in 20 s. */
const comparesPerSecond = 500;
/** Allowed at once when nobody was compared for a while. */
const compareBurst = 100;
const retryMs = 1_000;

export class Comparisons {
  #edge: Edge;
  #due = new Set<UserId>();
  #running = 0;
  #tokens = compareBurst;
  #filledMs = 0;
  #isTimed = false;

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  add(userId: UserId): void {
    this.#due.add(userId);
  }

  run(): void {
    this.#refill();
    for (const userId of this.#due) {
      if (this.#running >= comparesAtOnce) return;
      if (this.#tokens < 1) {
        this.#later();
        return;
      }
      this.#due.delete(userId);
      if (this.#edge.hub.find(userId) === undefined) continue;
      this.#tokens -= 1;
      this.#running += 1;
      void this.#compare(userId).finally(() => {
        this.#running -= 1;
        this.run();
      });
    }
  }

  async #compare(userId: UserId): Promise<void> {
    const { deps } = this.#edge;
    try {
      await compare(this.#edge, userId);
    } catch (thrown) {
      deps.log.warn("a user could not be compared", { userId, cause: String(thrown) });
      deps.clock.after(retryMs, () => this.add(userId)); // Q3; the sweep runs it
    }
  }

  #refill(): void {
    const nowMs = this.#edge.elapsedMs();
    const earned = ((nowMs - this.#filledMs) * comparesPerSecond) / 1_000;
    this.#tokens = Math.min(compareBurst, this.#tokens + earned);
    this.#filledMs = nowMs;
  }

  #later(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#edge.deps.clock.after(20, () => {
      this.#isTimed = false;
      this.run();
    });
  }
}
