// An OpenAI-compatible server whose answers a test scripts, request by request. Its journal is the judge of every test that
// talks to models: the bytes and headers that came, what was written and when, and when the socket closed.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { plausibleAnswer } from "./plausible-answer.ts";
import type { Script, UpstreamCall, UpstreamRequest } from "./script.ts";

export interface ScriptedUpstream {
  /** Ends in /v1. */
  readonly url: string;
  readonly port: number;
  /** Every request so far, oldest first. */
  readonly journal: readonly UpstreamRequest[];
  /** The next requests are answered by these, one each, in order; then the usual answer holds again. */
  next(...scripts: Script[]): void;
  /** The usual answer; at first a plausible one that repeats the prompt. */
  always(script: Script): void;
  /** Resets so many requests on connections that were used before, without reading them. */
  resetUnread(count: number): void;
  /** Closes every connection, at once. */
  dropConnections(): void;
  readonly openConnections: number;
  close(): Promise<void>;
}

export async function startScriptedUpstream({ port = 0 }: { port?: number } = {}): Promise<ScriptedUpstream> {
  const journal: Recorded[] = [];
  const queue: Script[] = [];
  const sockets = new Map<Socket, number>();
  /** Connections between two requests. */
  const idle = new WeakSet<Socket>();
  let usual: Script = plausibleAnswer;
  let connections = 0;
  let unreadLeft = 0;

  const http = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    idle.delete(request.socket);
    response.once("finish", () => idle.add(request.socket));
    const recorded = record(request, response, journal.length + 1, sockets.get(request.socket) ?? 0);
    journal.push(recorded);
    const script = queue.shift() ?? usual;
    void run(script, recorded, request, response);
  });
  http.on("checkContinue", (request, response) => {
    response.writeContinue();
    http.emit("request", request, response);
  });
  const server = createSocketServer({ noDelay: true }, (socket) => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    // Before the parser reads: the bytes of a request that is reset here reach nobody.
    const push = socket.push.bind(socket);
    socket.push = (bytes, encoding) => {
      if (bytes === null || unreadLeft === 0 || !idle.delete(socket)) return push(bytes, encoding);
      unreadLeft -= 1;
      socket.resetAndDestroy();
      return false;
    };
    http.emit("connection", socket);
    socket.on("data", () => {}); // from now on the parser reads from this stream, and not from the handle
  });
  server.listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port: taken } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${taken}/v1`,
    port: taken,
    journal,
    next: (...scripts) => void queue.push(...scripts),
    always: (script) => {
      usual = script;
    },
    resetUnread: (count) => {
      unreadLeft = count;
    },
    dropConnections: () => {
      for (const socket of sockets.keys()) socket.destroy();
    },
    get openConnections() {
      return sockets.size;
    },
    close: () => close(server, http, sockets.keys()),
  };
}

/** Answers that a script cut: not the client closed these. */
const wasCut = new WeakSet<ServerResponse>();

type Recorded = UpstreamRequest & {
  body: Buffer;
  writes: { atMs: number; bytes: Buffer }[];
  closedAtMs: number | undefined;
  wasLeft: boolean;
};

function record(request: IncomingMessage, response: ServerResponse, number: number, connection: number): Recorded {
  const recorded: Recorded = {
    number,
    atMs: performance.now(),
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body: Buffer.alloc(0),
    json: <Body>() => JSON.parse(recorded.body.toString("utf8")) as Body,
    key: /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1],
    connection,
    writes: [],
    closedAtMs: undefined,
    wasLeft: false,
  };
  response.once("close", () => {
    recorded.closedAtMs = performance.now();
    recorded.wasLeft = !response.writableFinished && !wasCut.has(response);
  });
  return recorded;
}

async function run(script: Script, recorded: Recorded, request: IncomingMessage, response: ServerResponse) {
  const left = new Promise<void>((resolve) => response.once("close", resolve));
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => {
    parts.push(part);
    recorded.body = Buffer.concat(parts);
  });
  request.on("error", () => {});
  await Promise.race([new Promise((resolve) => request.once("end", resolve)), left]);
  const head: UpstreamCall["head"] = (status, headers = { "content-type": "application/json" }) => {
    if (response.headersSent || response.destroyed) return;
    response.writeHead(status, headers);
    response.flushHeaders();
  };
  await script({
    request: recorded,
    head,
    async write(data) {
      head(200, { "content-type": "text/event-stream; charset=utf-8" });
      if (response.destroyed) return;
      const bytes = Buffer.from(data);
      recorded.writes.push({ atMs: performance.now(), bytes });
      await Promise.race([new Promise<void>((resolve) => response.write(bytes, () => resolve())), left]);
    },
    end() {
      if (!response.headersSent) head(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.end();
    },
    cut() {
      wasCut.add(response);
      request.socket.resetAndDestroy();
    },
    async pause(ms) {
      const timer = new AbortController();
      await Promise.race([sleep(ms, undefined, { signal: timer.signal }).catch(() => {}), left]);
      timer.abort();
    },
    left,
  });
}

async function close(server: ReturnType<typeof createSocketServer>, http: Server, sockets: Iterable<Socket>) {
  for (const socket of sockets) socket.destroy();
  http.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
