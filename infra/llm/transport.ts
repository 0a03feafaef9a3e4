// Requests to upstreams on undici: connections are kept, and no limit of time is undici's own except for making a connection.
import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { Agent, type buildConnector, type Dispatcher } from "undici";
import type { Headers, Transport, UpstreamCall, UpstreamControl, UpstreamHandler } from "../../actors/relay/ports.ts";

interface UndiciTransport extends Transport {
  close(): Promise<void>;
}
interface TransportDeps {
  /** Connects to addresses that users gave; absent: such requests are refused. */
  guardedConnect?: buildConnector.connector;
}

const connectMs = 10_000; // ms; no connection in this time: unreachable
const idleMs = 30_000; // ms; an idle connection is closed before most servers close theirs

export function createTransport({ guardedConnect }: TransportDeps = {}): UndiciTransport {
  const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 } as const;
  const kept = { ...noTimeouts, keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs } as const;
  const own = { connect: { timeout: connectMs } } as const;
  const agents = {
    own: new Agent({ ...kept, ...own }),
    ownOnce: new Agent({ ...noTimeouts, ...own, pipelining: 0 }),
    guarded: guardedConnect && new Agent({ ...kept, connect: guardedConnect }),
    guardedOnce: guardedConnect && new Agent({ ...noTimeouts, connect: guardedConnect, pipelining: 0 }),
  };
  const agentOf = ({ isUserUrl, isPaidJob }: UpstreamCall): Agent | undefined => {
    if (isUserUrl) return isPaidJob ? agents.guardedOnce : agents.guarded;
    return isPaidJob ? agents.ownOnce : agents.own;
  };
  return {
    send(call, handler) {
      const exchange = new Exchange(handler);
      const agent = agentOf(call);
      if (!agent) {
        exchange.refuse("This server takes no addresses of users.");
        return exchange;
      }
      const { method, url, headers, body = null } = call;
      const path = url.indexOf("/", url.indexOf("//") + 2);
      try {
        const target = { origin: url.slice(0, path), path: url.slice(path), method, headers, body };
        agent.dispatch(target as Dispatcher.DispatchOptions, exchange);
      } catch {
        exchange.refuse("The address of the model's server is not valid.");
      }
      return exchange;
    },

    async close() {
      await Promise.all(Object.values(agents).map((agent) => agent?.destroy()));
    },
  };
}

class Exchange implements Dispatcher.DispatchHandler, UpstreamControl {
  readonly #handler: UpstreamHandler;
  #controller: Dispatcher.DispatchController | undefined;
  #decoder: Transform | undefined;
  #state: "new" | "sent" | "answered" | "over" = "new";
  #isPaused = false;

  constructor(handler: UpstreamHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#state === "over") return void controller.abort(new Error("aborted"));
    this.#state = "sent";
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (this.#state === "over" || status < 200) return;
    this.#state = "answered";
    this.#handler.head(status, headers);
    const encoding = String(headers["content-encoding"] ?? "")
      .trim()
      .toLowerCase();
    if (encoding !== "" && encoding !== "identity") this.#decode(encoding);
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#state === "over") return;
    if (!this.#decoder) return void this.#handler.data(bytes);
    if (!this.#decoder.write(bytes)) this.#controller?.pause();
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#end();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    const { code } = error as NodeJS.ErrnoException;
    const what = code ?? error.name;
    if (this.#state === "new") this.#fail("unreachable", `There is no connection to the model's server (${what}).`);
    else if (this.#state === "sent") this.#fail("lost", `The model's server closed the connection (${what}).`);
    else this.#fail("cut", `The model's server broke off its answer (${what}).`);
  }

  refuse(message: string): void {
    queueMicrotask(() => this.#fail("unreachable", message));
  }

  abort(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#controller?.abort(new Error("aborted"));
    this.#decoder?.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#decoder?.pause();
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#decoder) {
      this.#decoder.resume();
      if (this.#decoder.writableNeedDrain) return;
    }
    this.#controller?.resume();
  }

  #decode(encoding: string): void {
    const decoder = createDecoder(encoding);
    if (!decoder)
      return void this.#fail("garbled", `The model's server answered in an unknown encoding (${encoding}).`);
    this.#decoder = decoder;
    decoder.on("data", (bytes: Buffer) => {
      if (this.#state !== "over") this.#handler.data(bytes);
    });
    decoder.on("drain", () => {
      if (!this.#isPaused) this.#controller?.resume();
    });
    decoder.once("end", () => this.#end());
    decoder.once("error", () => {
      this.#fail("garbled", `The model's server answered no ${encoding}, though its header says so.`);
    });
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#handler.end();
  }

  #fail(kind: "unreachable" | "lost" | "cut" | "garbled", message: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#controller?.abort(new Error(message));
    this.#decoder?.destroy();
    this.#handler.fail(kind, message);
  }
}

/** Each gives what it has after every write, so that an event does not wait for the next one. */
function createDecoder(encoding: string): Transform | undefined {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = constants;
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip({ flush: Z_SYNC_FLUSH });
    case "deflate":
      return createInflate({ flush: Z_SYNC_FLUSH });
    case "br":
      return createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH });
    case "zstd":
      return createZstdDecompress({ flush: ZSTD_e_flush });
    default:
      return undefined;
  }
}
