// The one connection of this host to Redis. The system works without Redis, so no failure of Redis stops it.
//
// No command waits longer than `answerMsMax`: each has a time-out, none is queued while Redis is away, and then every command
// fails at once. The connection is restored endlessly; only `close` ends it. Its loss and its return are logged once each,
// not once per command.
// client/run: the link reports "up" only after it has read which run of the server answers. A run other than the last one may
//     have lost its data, or may be another server.

import { Redis } from "ioredis";
import { waitAtMost } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import { processTimer } from "../system/clock.ts";
import { RedisMissingError } from "./errors.ts";

/** away: the server cannot be reached, or has not reported its run yet. */
type RedisState = "up" | "away";

export interface RedisLink {
  readonly client: Redis;
  /** The caller puts it in front of every key. */
  readonly prefix: string;
  state(): RedisState;
  /** The run id of the server that answers (client/run); undefined while away. */
  run(): string | undefined;
  /** Returns a function that removes the handler. */
  onChange(handler: (state: RedisState) => void): () => void;
  /** For operators: resolves with "up"; rejects with a reason, such as "away since …". */
  probe(): Promise<string>;
  close(): Promise<void>;
}

interface RedisOptions {
  /** `redis://[user:password@]host:port[/db]` or `rediss://…`. */
  readonly url: string;
  readonly prefix: string;
  readonly log: Log;
  /** `openRedis` waits this long for Redis, then continues without it. Default 3 000. */
  readonly firstConnectMs?: number;
  /** The time-out of a command, of a connection attempt, and of a silent socket. Default 1 000. */
  readonly answerMsMax?: number;
}

const firstConnectMsMax = 3_000;
const defaultAnswerMsMax = 1_000;
const reconnectMsMin = 50;
const reconnectMsMax = 1_000;
const closeMsMax = 500;
/** Redis's errors for wrong or missing credentials. */
const isRefusal = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|ERR Client sent AUTH)/;

/**
 * When Redis does not answer in time, the link resolves in the state "away" and keeps trying. Rejects with RedisMissingError
 * when Redis refuses the credentials, because trying again does not help then.
 */
export async function openRedis(options: RedisOptions): Promise<RedisLink> {
  const answerMs = options.answerMsMax ?? defaultAnswerMsMax;
  const client = new Redis(options.url, {
    lazyConnect: true,
    connectionName: "parley",
    commandTimeout: answerMs,
    socketTimeout: answerMs, // closes the connection to a paused server, which fails the commands that wait for it
    connectTimeout: answerMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: (times) => Math.min(reconnectMsMin * times, reconnectMsMax),
    reconnectOnError: (error) => error.message.startsWith("READONLY"), // a former primary: the name now leads to another server
  });
  const link = new Link(client, options);
  try {
    await link.start(options.firstConnectMs ?? firstConnectMsMax);
  } catch (cause) {
    await link.close();
    throw cause;
  }
  return link;
}

/** For logs and errors (G12). */
function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

class Link implements RedisLink {
  readonly client: Redis;
  readonly prefix: string;
  #log: Log;
  #server: string;
  #run: string | undefined;
  #awaySinceMs = Date.now();
  #lastError: Error | undefined;
  #wasUp = false;
  #isClosed = false;
  #handlers = new Set<(state: RedisState) => void>();

  constructor(client: Redis, { url, prefix, log }: RedisOptions) {
    this.client = client;
    this.prefix = prefix;
    this.#log = log;
    this.#server = withoutPassword(url);
    client.on("error", (error: Error) => {
      this.#lastError = error; // logged with the change of state that follows
    });
    client.on("ready", () => void this.#onReady());
    client.on("close", () => this.#onClose());
  }

  async start(withinMs: number): Promise<void> {
    // When this attempt fails the client makes further ones.
    this.client.connect().catch((error: Error) => {
      this.#lastError ??= error;
    });
    let stopListening = () => {};
    const isUp = new Promise<void>((resolve) => {
      stopListening = this.onChange((state) => state === "up" && resolve());
    });
    await waitAtMost(processTimer, withinMs, isUp);
    stopListening();
    if (this.#run !== undefined) return;
    const reason = this.#lastError?.message || "no answer";
    const message = `Redis at ${this.#server} did not answer within ${withinMs} ms: ${reason}`;
    if (isRefusal.test(reason)) throw new RedisMissingError(message, { cause: this.#lastError });
    this.#log.error("redis: no answer, starting without Redis (slow lists, no presence, no codes)", {
      reason: message,
    });
  }

  state(): RedisState {
    return this.#run === undefined ? "away" : "up";
  }

  run(): string | undefined {
    return this.#run;
  }

  onChange(handler: (state: RedisState) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  async probe(): Promise<string> {
    if (this.#run !== undefined) {
      try {
        await this.client.ping();
        return "up";
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`no answer: ${reason}; the system goes on without it`, { cause: error });
      }
    }
    const since = new Date(this.#awaySinceMs).toISOString();
    throw new Error(`away since ${since}; the system goes on without it`);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#run !== undefined) {
      // QUIT is answered after all commands sent before it. A server that does not answer in time is disconnected.
      const quit = this.client
        .quit()
        .catch((error: unknown) => this.#log.warn("redis: connection closed without an answer to QUIT", { error }));
      await waitAtMost(processTimer, closeMsMax, quit);
    }
    this.client.disconnect();
  }

  /** Reads the run of the server before it reports "up" (client/run). */
  async #onReady(): Promise<void> {
    const stream = this.client.stream;
    let run: string | undefined;
    try {
      run = /^run_id:(\w+)/m.exec(await this.client.info("server"))?.[1];
    } catch (error) {
      this.#lastError = error as Error;
    }
    if (this.client.status !== "ready" || this.client.stream !== stream || this.#isClosed) return; // lost meanwhile
    if (run === undefined) {
      this.client.disconnect(true);
      return;
    }
    this.#run = run;
    if (this.#wasUp)
      this.#log.info("redis: connection restored", { server: this.#server, awayMs: Date.now() - this.#awaySinceMs });
    this.#wasUp = true;
    this.#lastError = undefined;
    this.#notify("up");
  }

  #onClose(): void {
    if (this.#run === undefined) return;
    this.#run = undefined;
    this.#awaySinceMs = Date.now();
    if (!this.#isClosed) {
      const reason = this.#lastError?.message ?? "the connection was closed";
      this.#log.warn("redis: connection lost, continuing without Redis", { server: this.#server, reason });
    }
    this.#notify("away");
  }

  #notify(state: RedisState): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(state);
      } catch (error) {
        this.#log.error("redis: state listener failed", { state, error });
      }
    }
  }
}
