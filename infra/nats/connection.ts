// The connection of this host to the NATS servers. It reconnects every 50 ms, endlessly; only `close` ends it. Listeners are
// notified of every disconnect and reconnect, because what was sent around that time may be lost (notifications) or has an
// unknown outcome (appends).
// connection/silent-server: the host leaves a server that stopped answering (paused, cut off) within about 2 s, also while
//     writes to that server are stuck.
// connection/tls: a tls:// address is reached with TLS only. The client library ignores the scheme, and would send the
//     password in the clear to a server that offers no TLS.

import { connect, errors, type NatsConnection as NatsClient, type TlsOptions } from "nats";
import { sleep } from "../../actors/shared/sleep.ts";
import { waitAtMost } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import { createThrottledLog, type ThrottledLog } from "../observe/throttled-log.ts";
import { processTimer, systemClock } from "../system/clock.ts";
import { NatsError } from "./errors.ts";

export interface NatsOptions {
  /**
   * `nats://host:port` or `tls://host:port`, without credentials. One tls address makes TLS required for all
   * (connection/tls).
   */
  readonly urls: readonly string[];
  /** The name that operators see in the servers' list of connections. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  readonly log: Log;
  /** Messages that this connection publishes are not delivered to its own subscriptions. */
  readonly noEcho?: boolean;
  /** The first connect gives up after this. Default 10 000. */
  readonly firstConnectMs?: number;
}

/** slow_consumer: the server or the client dropped messages for this host · lame_duck: the server is about to shut down. */
export type NatsStatus = "disconnected" | "reconnected" | "slow_consumer" | "lame_duck" | "closed";

export interface NatsConnection {
  readonly client: NatsClient;
  isConnected(): boolean;
  /** Returns a function that removes the handler. */
  onStatus(handler: (status: NatsStatus) => void): () => void;
  /** Sends the buffered messages, if the server takes them within a second, and ends the connection. */
  close(): Promise<void>;
}

const reconnectMs = 50;
const reconnectJitterMs = 10;
/**
 * Three pings without an answer take 1.5 to 2 s (connection/silent-server). A busy event loop does not fail the check: it reads
 * the answers before the next ping is due.
 */
const pingIntervalMs = 500;
const pingsOutMax = 3;
const dialMsMax = 1_000;
const firstConnectPauseMs = 100;
const firstConnectMsMax = 10_000;
const drainMsMax = 1_000;
/** The socket of a dead connection is ended after this, in case the client still waits for its last write. */
const tearDownMs = 100;

/** Rejects with NatsError `unreachable` or `refused`; the message names the addresses. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const client = await connectFirst(options);
  return new Connection(client, options.log);
}

async function connectFirst(options: NatsOptions): Promise<NatsClient> {
  const { urls, firstConnectMs = firstConnectMsMax } = options;
  const endMs = performance.now() + firstConnectMs;
  const needsTls = urls.some((url) => url.startsWith("tls:"));
  for (;;) {
    try {
      return await connect({
        servers: [...urls],
        name: options.name,
        user: options.user,
        pass: options.password,
        tls: options.tls ?? (needsTls ? {} : undefined), // connection/tls
        noEcho: options.noEcho,
        reconnectTimeWait: reconnectMs,
        reconnectJitter: reconnectJitterMs,
        reconnectJitterTLS: reconnectJitterMs,
        maxReconnectAttempts: -1,
        ignoreAuthErrorAbort: true, // credentials may be wrong for a while during a rolling change
        timeout: dialMsMax,
        pingInterval: pingIntervalMs,
        maxPingOut: pingsOutMax,
        noAsyncTraces: true, // a stack per request costs more than the request
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (cause instanceof errors.AuthorizationError) {
        throw new NatsError("refused", `NATS at ${urls.join(", ")} refused the credentials: ${reason}`, { cause });
      }
      if (performance.now() > endMs) {
        const waited = `within ${firstConnectMs} ms`;
        throw new NatsError("unreachable", `no NATS server answered at ${urls.join(", ")} ${waited}: ${reason}`, {
          cause,
        });
      }
    }
    await sleep(processTimer, firstConnectPauseMs);
  }
}

class Connection implements NatsConnection {
  readonly client: NatsClient;
  #log: Log;
  /** Every attempt to reconnect may fail with an error: 20 a second. */
  #warnThrottled: ThrottledLog;
  #handlers = new Set<(status: NatsStatus) => void>();
  #isConnected = true;
  #isClosing = false;

  constructor(client: NatsClient, log: Log) {
    this.client = client;
    this.#log = log;
    this.#warnThrottled = createThrottledLog(log, systemClock);
    void this.#follow();
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  onStatus(handler: (status: NatsStatus) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  async close(): Promise<void> {
    if (this.#isClosing) return void (await this.client.closed());
    this.#isClosing = true;
    const limitMs = this.#isConnected ? drainMsMax : 0;
    await waitAtMost(processTimer, limitMs, this.client.drain()).catch((error: unknown) => {
      this.#log.warn("nats: connection closed before all messages were sent", { error });
    });
    if (!this.client.isClosed()) await this.client.close();
    this.#notify("closed");
  }

  async #follow(): Promise<void> {
    for await (const status of this.client.status()) {
      if (status.type === "staleConnection") this.#endSocket();
      else if (status.type === "disconnect") this.#onDisconnect(status.server);
      else if (status.type === "reconnect") this.#onReconnect(status.server);
      else if (status.type === "slowConsumer")
        this.#warn("slow_consumer", "slow consumer: messages for this host are queueing at the server");
      else if (status.type === "ldm") this.#warn("lame_duck", `lame duck: ${status.server} is shutting down`);
      else if (status.type === "error" && !this.#isClosing) {
        this.#warn(/slow consumer/i.test(status.error.message) ? "slow_consumer" : undefined, status.error.message);
      }
    }
  }

  #onDisconnect(server: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    if (!this.#isClosing) this.#log.warn("nats: connection lost, reconnecting", { server });
    this.#notify("disconnected");
  }

  #onReconnect(server: string): void {
    this.#isConnected = true;
    this.#log.info("nats: connection restored", { server });
    this.#notify("reconnected");
  }

  #warn(status: NatsStatus | undefined, reason: string): void {
    this.#warnThrottled("nats: client error", { reason });
    if (status) this.#notify(status);
  }

  /**
   * Before the client leaves a dead connection it waits for its last write, which never ends when the buffers to a paused
   * server are full. Ending the socket fails that write (connection/silent-server).
   */
  #endSocket(): void {
    const { protocol } = this.client as unknown as { protocol?: { transport?: { socket?: { destroy?(): void } } } };
    const socket = protocol?.transport?.socket;
    setTimeout(() => socket?.destroy?.(), tearDownMs);
  }

  #notify(status: NatsStatus): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(status);
      } catch (error) {
        this.#log.error("nats: status listener failed", { status, error });
      }
    }
  }
}
