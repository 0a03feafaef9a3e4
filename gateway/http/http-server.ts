// One port for REST, pages and the upgrade to sockets, with every limit of HTTP.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { serveAdminPages } from "../admin/pages.ts";
import { describeSocket } from "../docs/asyncapi.ts";
import { describeApi } from "../docs/openapi.ts";
import { addressOf, networkOf } from "../kit/client-address.ts";
import { createEnvelopes } from "../kit/envelope.ts";
import { isClosedByOthers } from "../kit/held-lease.ts";
import { limits } from "../kit/rate-limit.ts";
import { servePages } from "../pages/mount.ts";
import type { Edge } from "../rest/kit/route.ts";
import { mountRoutes } from "../rest/mount.ts";
import { routes } from "../rest/routes.ts";
import { readDialect, serveSurfaces } from "../surfaces/kit/mount.ts";
import { surfaceRoutes } from "../surfaces/routes.ts";
import { v1Routes } from "../v1/routes.ts";
import { createV1Server, type V1Server } from "../v1/server.ts";
import { serveWebChat } from "../web/pages.ts";
import { createAddressPlaces } from "./address-places.ts";
import { allowOrigins, createOrigins, type Origins } from "./allow-origins.ts";
import { inOrder } from "./in-order.ts";
import { refuse } from "./refuse.ts";
import { createSlowBodies } from "./slow-bodies.ts";

export interface Gateway {
  /** Port 0 takes a free one. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Sends devices to other gateways and takes no new sockets; requests are still answered. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Takes over connections that ask for a WebSocket. */
export interface SocketServer {
  serves(url: string): boolean;
  /** Open ones. */
  readonly count: number;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const httpLimits = {
  maxHeaderSize: 16 * 1024, // bytes; longer headers get 431
  headersTimeout: 10_000, // ms; slower requests get 408
  requestTimeout: 900_000, // ms for the whole request; slower requests get 408, and slow bodies sooner (slow-bodies.ts)
  connectionsCheckingInterval: 5_000, // ms; how often the two limits above are checked
  keepAliveTimeout: 72_000, // ms; longer than the 60 s of usual load balancers, so that they close first
} as const;
interface ParserRefusal {
  status: number;
  error: ErrorName;
  reason: string;
}
const tooSlow: ParserRefusal = { status: 408, error: "common.timeout", reason: "the request did not come in time" };
const refusalByParserError: Readonly<Record<string, ParserRefusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, error: "common.too_large", reason: "the headers are too large" },
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};
const notHttp: ParserRefusal = { status: 400, error: "gateway.malformed", reason: "not HTTP" };
const spareConnections = 2_000; // connections of plain HTTP beside the sockets; more are not accepted
const listenBacklog = 4_096; // connections that wait to be accepted, when all devices reconnect at once
const closeGraceMs = 2_000; // ms; requests that run at close may take this long

export function createHttpServer(edge: Edge, sockets: SocketServer): Gateway {
  const { clock, log } = edge;
  const trustedProxies = edge.trustedProxies ?? 0;
  const { compatPorts = [], allowedOrigins = [] } = edge.surfaces ?? {};
  const origins = createOrigins(allowedOrigins);
  const envelopes = createEnvelopes(edge);
  const v1 = edge.llm && createV1Server(edge, edge.llm);
  const serveApp = createApp(edge, sockets, origins).callback();
  const requests = inOrder(v1 ? beside(v1, serveApp, origins) : serveApp);
  const places = createAddressPlaces({ maxPerAddress: edge.limits.maxConnectionsPerAddress, log });
  const refuseWith = (socket: Duplex, error: DomainError, status?: number): void => {
    const failure = envelopes.failure(error, edge.random.hex(128), "connection");
    refuse(clock, socket, { ...failure, status: status ?? failure.status });
  };
  const refuseRequest = (socket: Duplex, { status, error, reason }: ParserRefusal): void =>
    requests.endWith(socket, () => refuseWith(socket, new DomainError(error, { details: { reason } }), status));
  const slowBodies = createSlowBodies(clock, (socket) => refuseRequest(socket, tooSlow));
  const makeServer = (): Server => {
    const server = createServer(
      { ...httpLimits, shouldUpgradeCallback: (request) => asksForSocket(sockets.serves, request) },
      (request, response) => {
        slowBodies.watch(request);
        requests.handle(request, response);
      },
    );
    server.timeout = edge.limits.answerStallMs;
    server.maxConnections = edge.limits.maxConnections + spareConnections;
    if (trustedProxies === 0) server.on("connection", (socket) => places.admit(socket));
    server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      if (!v1?.serves(request) || !v1.refusesBody(request)) response.writeContinue();
      slowBodies.watch(request);
      requests.handle(request, response);
    });
    server.on("clientError", (thrown: NodeJS.ErrnoException, socket) => {
      refuseRequest(socket, refusalByParserError[thrown.code ?? ""] ?? notHttp);
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      requests.endWith(socket, () => {
        if (!origins.allows(request)) return refuseWith(socket, foreignPage());
        const taken = edge.rateLimits.take(limits.connect, networkOf(addressOf(request, trustedProxies)));
        if (taken.ok) sockets.handleUpgrade(request, socket, head);
        else refuseWith(socket, new DomainError("common.too_many", { details: { retryAfterMs: taken.retryAfterMs } }));
      });
    });
    return server;
  };
  /** The first one has the host's own port. */
  const servers = [makeServer(), ...compatPorts.map(makeServer)];

  return {
    async listen(port, host) {
      const ports = [port, ...compatPorts.map((each) => each.port)];
      const listening = await Promise.all(servers.map((server, index) => listen(server, ports[index] ?? 0, host)));
      return { port: listening[0]?.port ?? port };
    },

    async drain() {
      await sockets.drain();
      for (const server of servers) server.closeIdleConnections();
    },

    async close() {
      await sockets.close();
      const closed = Promise.all(
        servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
      );
      for (const server of servers) server.closeIdleConnections();
      const graceMs = isClosedByOthers(edge) ? 0 : closeGraceMs;
      const cancel = clock.after(graceMs, () => {
        for (const server of servers) server.closeAllConnections();
      });
      await closed;
      cancel();
    },
  };
}

/** OpenAI's routes beside Koa. */
function beside(v1: V1Server, serveApp: RequestListener, origins: Origins): RequestListener {
  return (request, response) => {
    if (!v1.serves(request)) serveApp(request, response);
    else if (origins.answer(request, response)) response.writeHead(204).end();
    else v1.serve(request, response);
  };
}

function createApp(edge: Edge, sockets: SocketServer, origins: Origins) {
  const { version } = edge.identity;
  const { compatPorts = [] } = edge.surfaces ?? {};
  const dialectOf = (port: number) => compatPorts.find((each) => each.port === port)?.dialect;
  const describe = () => ({
    api: describeApi(routes, version, [...surfaceRoutes, ...v1Routes]),
    socket: describeSocket(version),
  });
  return mountRoutes(edge, routes, [
    allowOrigins(origins),
    readDialect(dialectOf),
    serveWebChat(edge.webApp, edge.media?.url),
    servePages(edge, describe, () => sockets.count),
    serveAdminPages(edge.adminApp),
    serveSurfaces(edge, surfaceRoutes),
  ]);
}

function listen(server: Server, port: number, host: string): Promise<{ port: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ port: number }>();
  server.once("error", reject);
  server.listen({ port, host, backlog: listenBacklog }, () => {
    server.off("error", reject);
    resolve({ port: (server.address() as AddressInfo).port });
  });
  return promise;
}

function foreignPage(): DomainError {
  return new DomainError("common.forbidden", {
    details: { reason: "ALLOWED_ORIGINS does not list the page's origin" },
  });
}

/** Any other upgrade, h2c for example, is ignored, and the request answered as it is (RFC 9110, 7.8). */
function asksForSocket(serves: SocketServer["serves"], { url, headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket" && serves(url ?? "");
}
