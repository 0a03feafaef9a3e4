// After the handshake each device is sent which of the user's friends are online. That takes one question for the list of
// friends, and one for each friend who is online. Users who connect at the same time wait in a queue, so that ten thousand of
// them ask at a steady rate.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { User } from "../../../actors/user/contract.ts";
import type { Log } from "../../ports.ts";
import type { PresenceWatch } from "./presence.ts";
import type { UserConnection } from "./user-connection.ts";

interface FriendsPresenceDeps {
  readonly actors: Actors;
  readonly presence: Pick<PresenceWatch, "follow">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Pick<Log, "warn">;
}

/** Questions to actors in one second, and after a quiet time at once. */
const questionsPerSecond = 2_000;
const burst = 500;
const tickMs = 50;
const atOnce = 8;
/** For one device, besides those about friends who are online. */
const questionsPerDevice = 2;

export class FriendsPresence {
  #deps: FriendsPresenceDeps;
  #queue = new Set<UserConnection>();
  #running = 0;
  #left = burst;
  #isTimed = false;

  constructor(deps: FriendsPresenceDeps) {
    this.#deps = deps;
  }

  /** The handshake is done. */
  begin(connection: UserConnection): void {
    this.#queue.add(connection);
    this.#run();
  }

  #run(): void {
    for (const connection of this.#queue) {
      if (this.#running >= atOnce) return;
      if (this.#left <= 0) break;
      this.#queue.delete(connection);
      if (connection.state.kind !== "open") continue;
      this.#left -= questionsPerDevice;
      this.#running += 1;
      void this.#send(connection).finally(() => {
        this.#running -= 1;
        this.#run();
      });
    }
    if (this.#left < burst) this.#arm();
  }

  async #send(connection: UserConnection): Promise<void> {
    const { userId } = connection;
    try {
      const types = ["friend" as const];
      const { items } = await this.#deps.actors.get(User, userId).items({ sinceVersion: 0, types });
      const friends = items.flatMap(({ id, deleted }) => (deleted ? [] : [id]));
      this.#left -= await this.#deps.presence.follow(connection, friends);
    } catch (thrown) {
      this.#deps.log.warn("presence: friends not known", { userId, cause: String(thrown) });
    }
  }

  #arm(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#deps.clock.after(tickMs, () => {
      this.#isTimed = false;
      this.#left = Math.min(burst, this.#left + (questionsPerSecond * tickMs) / 1_000);
      this.#run();
    });
  }
}
