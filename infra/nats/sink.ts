// The notification bus over NATS, on the side of the actors.
//
// Publishing never waits and never throws. At most `maxUnconfirmedBytes` are sent and not yet confirmed by the server;
// notifications beyond that are dropped.
// sink/gap: notifications may be lost when they are dropped, or when the connection is lost before the server confirmed
//     them. Then one `notification.gap` is published as soon as there is a connection. Otherwise no gateway whose own
//     connection held would know of the loss, because no later notification need follow the lost one.
// sink/flush: a flush succeeds only when everything published before it, or the gap in its place, has reached the server.
import type { Clock, NotificationSink } from "../../actors/runtime/ports.ts";
import type { Notification } from "../../actors/shared/notification.ts";
import type { Log } from "../../gateway/ports.ts";
import { createThrottledLog, type ThrottledLog } from "../observe/throttled-log.ts";
import type { NatsConnection } from "./connection.ts";
import { FlushGate } from "./flush-gate.ts";
import { encodeNotification, gapSubject } from "./notification-codec.ts";

/** Beyond it notifications are dropped. */
const maxUnconfirmedBytes = 32 * 1024 * 1024;
/** After so many bytes the sink itself asks the server to confirm, also when no caller flushes. */
const confirmEveryBytes = 1024 * 1024;
/** A flush rejects after this. */
const flushMsMax = 2_000;

export interface NatsBusDeps {
  connection: NatsConnection;
  clock: Clock;
  log: Log;
}

export function createNatsSink(deps: NatsBusDeps): NotificationSink & { close(): void } {
  return new NatsSink(deps);
}

class NatsSink implements NotificationSink {
  #connection: NatsConnection;
  #gate: FlushGate;
  #warn: ThrottledLog;
  #stopListening: () => void;
  /** Bytes sent since the start. */
  #sentBytes = 0;
  #confirmedBytes = 0;
  #isConfirming = false;
  /** Notifications may be lost, and no gap is published yet. */
  #hasLost = false;

  constructor({ connection, clock, log }: NatsBusDeps) {
    this.#connection = connection;
    this.#gate = new FlushGate(connection, clock, flushMsMax);
    this.#warn = createThrottledLog(log, clock);
    this.#stopListening = connection.onStatus((status) => {
      if (status === "disconnected") this.#countUnconfirmedAsLost();
      else if (status === "reconnected") this.#publishGap();
    });
  }

  publish(notifications: readonly Notification[]): void {
    for (const notification of notifications) {
      try {
        encodeNotification(notification, this.#send);
      } catch (cause) {
        this.#drop("nats: notification not encodable", { type: notification.type, cause: String(cause) });
      }
    }
    if (this.#sentBytes - this.#confirmedBytes > confirmEveryBytes && !this.#isConfirming) void this.#confirm();
  }

  async flush(): Promise<void> {
    this.#publishGap();
    if (this.#sentBytes === this.#confirmedBytes && !this.#hasLost) return;
    const sentBytes = this.#sentBytes;
    await this.#gate.flush(); // after a reconnect its PING follows the gap (sink/flush)
    this.#confirmedBytes = Math.max(this.#confirmedBytes, sentBytes);
    this.#publishGap();
  }

  close(): void {
    this.#stopListening();
  }

  #send = (subject: string, payload: Uint8Array): void => {
    if (!this.#connection.isConnected()) {
      this.#drop("nats: notifications dropped, no connection");
      return;
    }
    if (this.#sentBytes - this.#confirmedBytes > maxUnconfirmedBytes) {
      this.#drop("nats: notifications dropped, send buffer full");
      return;
    }
    try {
      this.#connection.client.publish(subject, payload);
      this.#sentBytes += payload.length;
    } catch (cause) {
      // The message exceeds the server's limit, or the connection is closed.
      this.#drop("nats: notification not published", { subject, bytes: payload.length, cause: String(cause) });
    }
  };

  #drop(reason: string, fields?: Record<string, unknown>): void {
    this.#hasLost = true; // sink/gap
    this.#warn(reason, fields);
  }

  #countUnconfirmedAsLost(): void {
    if (this.#sentBytes > this.#confirmedBytes) this.#hasLost = true;
    this.#confirmedBytes = this.#sentBytes;
  }

  /** sink/gap */
  #publishGap(): void {
    if (!this.#hasLost || !this.#connection.isConnected() || this.#connection.client.isClosed()) return;
    this.#connection.client.publish(gapSubject, gapPayload);
    this.#sentBytes += gapPayload.length;
    this.#hasLost = false;
  }

  async #confirm(): Promise<void> {
    this.#isConfirming = true;
    try {
      await this.flush();
    } catch (cause) {
      this.#warn("nats: notifications not confirmed", { cause: String(cause) });
    }
    this.#isConfirming = false;
  }
}

const gapPayload = Buffer.from("{}");
