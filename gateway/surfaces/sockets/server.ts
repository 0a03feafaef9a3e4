// Takes the WebSocket upgrades of the surfaces. The token comes in the query, as their clients send it; it is checked after the
// upgrade, because browsers show a page nothing of a refused one.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { DomainError } from "../../../actors/shared/errors.ts";
import { parseJson } from "../../input/json.ts";
import { baseOf } from "../../kit/base-url.ts";
import { bearerOf } from "../../kit/bearer.ts";
import { addressOf, networkOf } from "../../kit/client-address.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { splitPrefix } from "../kit/dialect.ts";
import { authenticate, type Principal } from "../kit/principal.ts";
import { maxJsonDepth, maxMessageBodyBytes } from "../kit/shapes.ts";
import type { SurfaceSocket, Talk } from "./surface-socket.ts";
import { Viewer, viewerCodes } from "./viewer.ts";
import { Viewers } from "./viewers.ts";

interface ViewerServer {
  /** Whether the path is one of these sockets. */
  serves(url: string): boolean;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly count: number;
  drain(): void;
  close(): void;
}

export function createViewerServer(edge: Edge, surfaces: readonly SurfaceSocket[]): ViewerServer {
  const viewers = new Viewers(edge);
  const server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBodyBytes, clientTracking: false });
  const find = (url: string) => {
    const { path } = splitPrefix(url.split("?", 1)[0] ?? "");
    for (const surface of surfaces) {
      const id = surface.idIn(path);
      if (id !== undefined) return { surface, id };
    }
    return undefined;
  };
  return {
    serves: (url) => find(url) !== undefined,
    handleUpgrade(request, socket, head) {
      const found = find(request.url ?? "");
      if (!found) return void socket.destroy();
      server.handleUpgrade(request, socket, head, (ws) => void serve(ws, request, found));
    },
    get count() {
      return viewers.count;
    },
    drain: () => viewers.drain(),
    close() {
      viewers.close();
      server.close();
    },
  };

  async function serve(ws: WebSocket, request: IncomingMessage, found: { surface: SurfaceSocket; id: string }) {
    const { surface, id } = found;
    // What the client sends before its login is read stays in the socket.
    ws.pause();
    // `ws` has sent the close code already (1002, 1007, 1009), or the network failed: the event "close" follows.
    ws.on("error", () => {});
    const query = new URLSearchParams((request.url ?? "").split("?")[1] ?? "");
    const token = query.get("token") ?? bearerOf(request.headers);
    let viewer: Viewer | undefined;
    try {
      const nowMs = edge.clock.monotonicMs();
      const network = networkOf(addressOf(request, edge.trustedProxies ?? 0));
      const authenticates = () => principalOf(edge, surface, { token, network });
      const { login, userId } = await authenticates();
      viewer = new Viewer(ws, login ?? { userId }, { maxOutboundBytes: edge.limits.maxOutboundBytes, nowMs });
      const entered = viewer;
      ws.on("close", () => viewers.leave(entered));
      if (!viewers.enter(viewer)) return;
      const base = baseOf(request, edge.trustedProxies);
      const talk = await surface.open({
        viewer,
        ...{ authenticates, edge, id, query, base },
        others: () => viewers.others(entered),
      });
      viewers.begin(viewer, talk);
      listen(ws, viewer, talk);
    } catch (thrown) {
      const error = thrown instanceof DomainError ? thrown : new DomainError("common.unavailable", { cause: thrown });
      const isLogin = viewer === undefined && error.kind === "unauthorized";
      ws.close(isLogin ? viewerCodes.unauthorized : surface.closeCodeOf(error), error.error);
    } finally {
      ws.resume();
    }
  }

  function listen(ws: WebSocket, viewer: Viewer, talk: Talk): void {
    const heard = () => {
      viewer.heardAtMs = edge.clock.monotonicMs();
    };
    ws.on("pong", heard);
    ws.on("message", (data: RawData) => {
      heard();
      if (viewer.isClosed) return;
      const text = String(data);
      let frame: unknown;
      try {
        frame = parseJson(text, { maxBytes: maxMessageBodyBytes, maxDepth: maxJsonDepth });
      } catch (error) {
        return talk.malformed(error instanceof DomainError ? error : new DomainError("gateway.malformed"));
      }
      talk.received(frame, text);
    });
    ws.on("close", () => talk.closed?.());
  }
}

/** Throws what `authenticate` throws. */
async function principalOf(
  edge: Edge,
  { takesKeys }: SurfaceSocket,
  { token = "", network }: { token: string | undefined; network: string },
): Promise<Principal> {
  const credentials = { bearer: token === "" ? undefined : token, isForged: false };
  const principal = await authenticate(edge, takesKeys ? "key" : "user", credentials, network);
  if (!principal) throw new DomainError("auth.token_invalid");
  return principal;
}
