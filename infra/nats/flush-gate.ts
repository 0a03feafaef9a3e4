// Confirms that everything sent before has reached the server, by a PING and its PONG. Callers that ask while a PING is out
// share the next one.
// flush-gate/ping: a flush succeeds only after the PONG to a PING that was sent after `flush` was called.
// A flush rejects after `limitMs`, so that no caller waits for ever while there is no connection.

import type { Clock } from "../../actors/runtime/ports.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";

/** The pause between two attempts while the connection fails. */
const pauseMs = 20;

export class FlushGate {
  #connection: NatsConnection;
  #clock: Clock;
  #limitMs: number;
  #current: Promise<void> | undefined;
  /** Shared by all callers that ask while a PING is out (flush-gate/ping). */
  #next: Promise<void> | undefined;

  constructor(connection: NatsConnection, clock: Clock, limitMs: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /**
   * Succeeds also over a reconnect. Messages sent before it may then be lost: the sender has to handle that on "reconnected".
   * Rejects with NatsError `unreachable` or `closed`.
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
        // The client rejects `flush` when the connection is lost; the next attempt uses the new connection.
        if (await this.#isConfirmed(client.flush(), endMs)) return;
      }
      if (this.#clock.monotonicMs() >= endMs) {
        throw new NatsError("unreachable", `NATS did not confirm within ${this.#limitMs} ms`);
      }
      await sleep(this.#clock, pauseMs);
    }
  }

  /** False when the PING failed, or when the time is up. */
  #isConfirmed(pong: Promise<void>, endMs: number): Promise<boolean> {
    const leftMs = Math.max(0, endMs - this.#clock.monotonicMs());
    return withTimeout(this.#clock, leftMs, pong, () => new NatsError("unreachable", "no PONG in time")).then(
      () => true,
      () => false,
    );
  }
}

/** The callers of that flush get its error. */
function ignore(): void {}
