// The bell over NATS, actor side.
// S1: publishing never waits and never throws; it holds at most `maxUnconfirmedBytes` that the server did not confirm.
// S2: what may be lost (sent and unconfirmed when the connection broke, or dropped by S1 or without a connection) is
//     made good by one `notification.gap` as soon as there is a connection again: gateways whose own connection was
//     sound would not know otherwise, and a lost last bell has no successor to show its gap.
// S3: a flush succeeds only when what was published before it, or the gap that stands for it, reached the server.
import type { Clock, NotificationSink } from "../../actors/runtime/ports.ts";
import type { Notification } from "../../actors/shared/notification.ts";
import type { Log } from "../../gateway/ports.ts";
import { createSeldomLog, type SeldomLog } from "../observe/seldom-log.ts";
import type { NatsConnection } from "./connection.ts";
import { FlushGate } from "./flush-gate.ts";
import { encodeNotification, gapSubject } from "./notification-codec.ts";

/** S1. Beyond it notifications are dropped. */
const maxUnconfirmedBytes = 32 * 1024 * 1024;
/** The server is asked to confirm also when nobody flushes. */
const confirmEveryBytes = 1024 * 1024;
/** S3: a flush rejects after this. */
const flushMsMax = 2_000;

export interface NatsBellDeps {
  connection: NatsConnection;
  clock: Clock;
  log: Log;
}

export function createNatsSink(deps: NatsBellDeps): NotificationSink & { close(): void } {
  return new NatsSink(deps);
}

class NatsSink implements NotificationSink {
  #connection: NatsConnection;
  #gate: FlushGate;
  #warn: SeldomLog;
  #stopListening: () => void;
  /** Since the start. */
  #sentBytes = 0;
  #confirmedBytes = 0;
  #isConfirming = false;
  /** S2 */
  #hasLost = false;

  constructor({ connection, clock, log }: NatsBellDeps) {
    this.#connection = connection;
    this.#gate = new FlushGate(connection, clock, flushMsMax);
    this.#warn = createSeldomLog(log, clock);
    this.#stopListening = connection.onStatus((status) => {
      if (status === "disconnected") this.#lose();
      else if (status === "reconnected") this.#tellLoss();
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
    this.#tellLoss();
    if (this.#sentBytes === this.#confirmedBytes && !this.#hasLost) return;
    const sentBytes = this.#sentBytes;
    await this.#gate.flush(); // S3: after a reconnect its PING follows the gap
    this.#confirmedBytes = Math.max(this.#confirmedBytes, sentBytes);
    this.#tellLoss();
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
      // Larger than the server takes, or the connection is closed.
      this.#drop("nats: notification not published", { subject, bytes: payload.length, cause: String(cause) });
    }
  };

  #drop(reason: string, fields?: Record<string, unknown>): void {
    this.#hasLost = true; // S2
    this.#warn(reason, fields);
  }

  /** S2: unconfirmed is lost. */
  #lose(): void {
    if (this.#sentBytes > this.#confirmedBytes) this.#hasLost = true;
    this.#confirmedBytes = this.#sentBytes;
  }

  #tellLoss(): void {
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
