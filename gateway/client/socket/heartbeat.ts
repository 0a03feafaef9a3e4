// Notices that the other side is gone: a network that drops packets closes no socket.
import type { PlatformClock } from "../base/platform.ts";

export interface HeartbeatOptions {
  /** A PING is sent this often. */
  readonly everyMs: number;
  /** Without any frame for so long, the socket counts as dead. */
  readonly silenceMs: number;
}

export class Heartbeat {
  readonly #clock: PlatformClock;
  readonly #options: HeartbeatOptions;
  readonly #beat: () => void;
  readonly #dead: () => void;
  #receivedAtMs: number;
  #cancel: () => void = () => {};

  constructor(clock: PlatformClock, options: HeartbeatOptions, handlers: { beat(): void; dead(): void }) {
    this.#clock = clock;
    this.#options = options;
    this.#beat = handlers.beat;
    this.#dead = handlers.dead;
    this.#receivedAtMs = clock.monotonicMs();
    this.#plan();
  }

  /** A frame arrived. */
  received(): void {
    this.#receivedAtMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#cancel();
  }

  #plan(): void {
    const { everyMs, silenceMs } = this.#options;
    const leftMs = silenceMs - (this.#clock.monotonicMs() - this.#receivedAtMs);
    if (leftMs <= 0) {
      this.#dead();
      return;
    }
    this.#cancel = this.#clock.after(Math.min(everyMs, leftMs), () => {
      this.#beat();
      this.#plan();
    });
  }
}
