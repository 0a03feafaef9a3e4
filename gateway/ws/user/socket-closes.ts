// Handshakes that wait until another socket of their user is closed, here or at another gateway.
import type { UserId } from "../../../actors/shared/ids.ts";

export class SocketCloses {
  #waiting = new Map<UserId, Set<() => void>>();

  /** `handler` runs when a socket of this user is confirmed as closed; the result ends the waiting. */
  onClosed(userId: UserId, handler: () => void): () => void {
    const handlers = this.#waiting.get(userId) ?? new Set();
    this.#waiting.set(userId, handlers.add(handler));
    return () => {
      if (handlers.delete(handler) && handlers.size === 0) this.#waiting.delete(userId);
    };
  }

  closed(userId: UserId): void {
    for (const handler of [...(this.#waiting.get(userId) ?? [])]) handler();
  }
}
