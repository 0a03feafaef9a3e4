// "Everything sent before reached the server": one PING and PONG for all who ask meanwhile.
// F1: a flush never reports success without a PONG to a PING that was sent after it was asked for.
// F2: it rejects after `limitMs`: while the connection is away nobody waits for ever.

import type { Clock } from "../../actors/runtime/ports.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";

/** Between two tries over a connection that fails in this moment. */
const pauseMs = 20;

export class FlushGate {
  #connection: NatsConnection;
  #clock: Clock;
  #limitMs: number;
  #current: Promise<void> | undefined;
  /** F1: who asks while a PING is out gets the next one, shared. */
  #next: Promise<void> | undefined;

  constructor(connection: NatsConnection, clock: Clock, limitMs: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /**
   * Rides out a reconnect: what was sent before it may be lost then, which its owner makes good on `reconnected`.
   * Rejects with NatsError unreachable.
   */
  flush(): Promise<void> {
    if (this.#next) return this.#next;
    const before = this.#current;
    const next: Promise<void> = (before ? before.catch(ignore) : Promise.resolve()).then(() => {
      this.#next = undefined;
      this.#current = next;
      return this.#ping();
    });
    this.#next = next;
    const clear = () => {
      if (this.#current === next) this.#current = undefined;
    };
    next.then(clear, clear);
    return next;
  }

  async #ping(): Promise<void> {
    const endMs = this.#clock.monotonicMs() + this.#limitMs;
    for (;;) {
      const { client } = this.#connection;
      if (client.isClosed()) throw new NatsError("closed", "the connection to NATS is closed");
      if (this.#connection.isConnected()) {
        // The client rejects it when the connection goes; a new one is sent over the next connection.
        if (await this.#within(client.flush(), endMs)) return;
      }
      if (this.#clock.monotonicMs() >= endMs) {
        throw new NatsError("unreachable", `NATS did not confirm within ${this.#limitMs} ms`);
      }
      await sleep(this.#clock, pauseMs);
    }
  }

  /** True: confirmed; false: failed, or time is up. */
  #within(pong: Promise<void>, endMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(Math.max(0, endMs - this.#clock.monotonicMs()), () => resolve(false));
      const end = (isConfirmed: boolean) => {
        cancel();
        resolve(isConfirmed);
      };
      pong.then(
        () => end(true),
        () => end(false),
      );
    });
  }
}

/** Told to its own callers. */
function ignore(): void {}
