// One connection of this host to Redis, kept for ever. Whatever Redis does, the system goes on.
// C1: nothing waits for Redis beyond `answerMsMax`: a command has its time-out, none is kept for later, and while Redis is
//     away every one fails at once.
// C2: it reconnects endlessly; only `close` ends it.
// C3: "up" is told when it is known which run of which server answers: a run that is not the last one may have lost
//     everything, or be another server.
// C4: away and back are said once each, not at every command.

import { Redis } from "ioredis";
import { waitAtMost } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import { processTimer } from "../system/clock.ts";
import { RedisMissingError } from "./errors.ts";

type RedisState = "up" | "away";

export interface RedisLink {
  readonly client: Redis;
  /** Stands before every key. */
  readonly prefix: string;
  state(): RedisState;
  /** Id of the server's process that answers (C3); undefined while away. */
  run(): string | undefined;
  /** The result stops telling. */
  onChange(handler: (state: RedisState) => void): () => void;
  /** For operators: "up", or rejects with "away since …", at which the system goes on without Redis. */
  probe(): Promise<string>;
  close(): Promise<void>;
}

interface RedisOptions {
  /** `redis://[user:password@]host:port[/db]` or `rediss://…`. */
  readonly url: string;
  readonly prefix: string;
  readonly log: Log;
  /** The start goes on without Redis after this. Default 3 000. */
  readonly firstConnectMs?: number;
  /** C1. Default 1 000. */
  readonly answerMsMax?: number;
}

const firstConnectMsMax = 3_000;
const defaultAnswerMsMax = 1_000;
const reconnectMsMin = 50;
const reconnectMsMax = 1_000;
const closeMsMax = 500;
/** Redis's words for credentials that are wrong or missing. */
const isRefusal = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|ERR Client sent AUTH)/;

/**
 * Without an answer in time it resolves all the same, away, as when Redis goes later. Rejects with RedisMissingError when
 * Redis answers and refuses us: that does not pass by itself.
 */
export async function openRedis(options: RedisOptions): Promise<RedisLink> {
  const answerMs = options.answerMsMax ?? defaultAnswerMsMax;
  const client = new Redis(options.url, {
    lazyConnect: true,
    connectionName: "parley",
    commandTimeout: answerMs,
    socketTimeout: answerMs, // a server that is paused is left, and what waits for it fails
    connectTimeout: answerMs,
    enableOfflineQueue: false, // C1
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: (times) => Math.min(reconnectMsMin * times, reconnectMsMax), // C2
    reconnectOnError: (error) => error.message.startsWith("READONLY"), // a former master: its name leads to another one
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
export function withoutPassword(url: string): string {
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
      this.#lastError = error; // said with the change of state it leads to (C4)
    });
    client.on("ready", () => void this.#meet());
    client.on("close", () => this.#lose());
  }

  async start(withinMs: number): Promise<void> {
    // A try that fails is followed by others (C2).
    this.client.connect().catch((error: Error) => {
      this.#lastError ??= error;
    });
    let stop = () => {};
    let timer: NodeJS.Timeout | undefined;
    const isUp = await new Promise<boolean>((resolve) => {
      stop = this.onChange((state) => state === "up" && resolve(true));
      timer = setTimeout(() => resolve(false), withinMs);
    });
    clearTimeout(timer);
    stop();
    if (isUp) return;
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
      // What was sent before is answered first; a server that does not answer is left.
      const quit = this.client
        .quit()
        .catch((error: unknown) => this.#log.warn("redis: connection closed without an answer to QUIT", { error }));
      await waitAtMost(processTimer, closeMsMax, quit);
    }
    this.client.disconnect();
  }

  /** C3 */
  async #meet(): Promise<void> {
    const stream = this.client.stream;
    let run: string | undefined;
    try {
      run = /^run_id:(\w+)/m.exec(await this.client.info("server"))?.[1];
    } catch (error) {
      this.#lastError = error as Error;
    }
    if (this.client.status !== "ready" || this.client.stream !== stream || this.#isClosed) return; // lost again
    if (run === undefined) {
      this.client.disconnect(true);
      return;
    }
    this.#run = run;
    if (this.#wasUp)
      this.#log.info("redis: connection restored", { server: this.#server, awayMs: Date.now() - this.#awaySinceMs });
    this.#wasUp = true;
    this.#lastError = undefined;
    this.#tell("up");
  }

  #lose(): void {
    if (this.#run === undefined) return;
    this.#run = undefined;
    this.#awaySinceMs = Date.now();
    if (!this.#isClosed) {
      const reason = this.#lastError?.message ?? "the connection was closed";
      this.#log.warn("redis: connection lost, continuing without Redis", { server: this.#server, reason });
    }
    this.#tell("away");
  }

  #tell(state: RedisState): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(state);
      } catch (error) {
        this.#log.error("redis: state listener failed", { state, error });
      }
    }
  }
}
