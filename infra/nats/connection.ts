// One connection of this host to the NATS servers, kept for ever.
// K1: it reconnects every 50 ms, endlessly; only `close` ends it.
// K2: a server that stopped answering (paused, cut off) is left within about 2 s, also while our writes to it are stuck.
// K3: whoever needs to know hears of every disconnect and reconnect: what was sent around it may be lost (the bell), or
//     in or not in (the journal).
// K4: the client's library reads no scheme: it would send passwords in the clear to whoever offers no TLS at a tls:// address.

import { connect, errors, type NatsConnection as NatsClient, type TlsOptions } from "nats";
import { sleep } from "../../actors/shared/sleep.ts";
import { waitAtMost } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import { createSeldomLog, type SeldomLog } from "../observe/seldom-log.ts";
import { processTimer, systemClock } from "../system/clock.ts";
import { NatsError } from "./errors.ts";

export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`, without credentials. One that says tls: none is reached without (K4). */
  readonly urls: readonly string[];
  /** What operators see in the servers' list of connections. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  readonly log: Log;
  /** What this connection publishes does not come back on its own subscriptions. */
  readonly noEcho?: boolean;
  /** The first connect gives up after this. Default 10 000. */
  readonly firstConnectMs?: number;
}

/** slow_consumer: the server or the client dropped messages for us · lame_duck: the server is about to go. */
export type NatsStatus = "disconnected" | "reconnected" | "slow_consumer" | "lame_duck" | "closed";

export interface NatsConnection {
  readonly client: NatsClient;
  isConnected(): boolean;
  /** The result stops telling. */
  onStatus(handler: (status: NatsStatus) => void): () => void;
  /** Hands over what is buffered, if the server takes it soon, and ends the connection. */
  close(): Promise<void>;
}

const reconnectMs = 50;
const reconnectJitterMs = 10;
/** K2: three pings without an answer: 1.5 to 2 s. A loop that was busy reads its answers before the next ping is due. */
const pingIntervalMs = 500;
const pingsOutMax = 3;
const dialMsMax = 1_000;
const firstConnectPauseMs = 100;
const firstConnectMsMax = 10_000;
const drainMsMax = 1_000;
/** A connection found dead is torn down after this, if the client waits for its last write to go out. */
const tearDownMs = 100;

/** Rejects with NatsError `unreachable` or `refused`; the message names the addresses. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const client = await connectFirst(options);
  return new Connection(client, options.log);
}

async function connectFirst(options: NatsOptions): Promise<NatsClient> {
  const { urls, firstConnectMs = firstConnectMsMax } = options;
  const endMs = performance.now() + firstConnectMs;
  const isSecret = urls.some((url) => url.startsWith("tls:"));
  for (;;) {
    try {
      return await connect({
        servers: [...urls],
        name: options.name,
        user: options.user,
        pass: options.password,
        tls: options.tls ?? (isSecret ? {} : undefined), // K4
        noEcho: options.noEcho,
        reconnectTimeWait: reconnectMs,
        reconnectJitter: reconnectJitterMs,
        reconnectJitterTLS: reconnectJitterMs,
        maxReconnectAttempts: -1,
        ignoreAuthErrorAbort: true, // K1: credentials may be wrong for a while during a rolling change
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
  /** An error may come with every try to reconnect: 20 a second. */
  #warnSeldom: SeldomLog;
  #handlers = new Set<(status: NatsStatus) => void>();
  #isConnected = true;
  #isClosing = false;

  constructor(client: NatsClient, log: Log) {
    this.client = client;
    this.#log = log;
    this.#warnSeldom = createSeldomLog(log, systemClock);
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
    this.#tell("closed");
  }

  async #follow(): Promise<void> {
    for await (const status of this.client.status()) {
      if (status.type === "staleConnection") this.#tearDown();
      else if (status.type === "disconnect") this.#lose(status.server);
      else if (status.type === "reconnect") this.#regain(status.server);
      else if (status.type === "slowConsumer")
        this.#warn("slow_consumer", "slow consumer: messages for this host are queueing at the server");
      else if (status.type === "ldm") this.#warn("lame_duck", `lame duck: ${status.server} is shutting down`);
      else if (status.type === "error" && !this.#isClosing) {
        this.#warn(/slow consumer/i.test(status.error.message) ? "slow_consumer" : undefined, status.error.message);
      }
    }
  }

  #lose(server: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    if (!this.#isClosing) this.#log.warn("nats: connection lost, reconnecting", { server });
    this.#tell("disconnected");
  }

  #regain(server: string): void {
    this.#isConnected = true;
    this.#log.info("nats: connection restored", { server });
    this.#tell("reconnected");
  }

  #warn(status: NatsStatus | undefined, reason: string): void {
    this.#warnSeldom("nats: client error", { reason });
    if (status) this.#tell(status);
  }

  /**
   * K2: before it lets go of a dead connection the client waits until its last write went out, which never happens when
   * the buffers to a paused server are full. Ending the socket fails that write.
   */
  #tearDown(): void {
    const { protocol } = this.client as unknown as { protocol?: { transport?: { socket?: { destroy?(): void } } } };
    const socket = protocol?.transport?.socket;
    setTimeout(() => socket?.destroy?.(), tearDownMs);
  }

  #tell(status: NatsStatus): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(status);
      } catch (error) {
        this.#log.error("nats: status listener failed", { status, error });
      }
    }
  }
}
