// The edge of one host: REST, pages and sockets on one port.
import { createApiKeys } from "../auth/api-keys.ts";
import { createAuthenticator } from "../auth/authenticator.ts";
import { createUserFeed } from "../kit/user-feed.ts";
import type { GatewayDeps } from "../ports.ts";
import { createViewerServer } from "../surfaces/sockets/server.ts";
import { surfaceSockets } from "../surfaces/sockets.ts";
import { createSocketServer } from "../ws/server.ts";
import { createHttpServer, type Gateway, type SocketServer } from "./http-server.ts";

export function createGateway(deps: GatewayDeps): Gateway {
  const authenticator = createAuthenticator(deps);
  const edge = { ...deps, authenticator, keys: createApiKeys(deps), feed: createUserFeed(deps.viewerNotifications) };
  const devices = createSocketServer(deps, authenticator);
  const viewers = createViewerServer(edge, surfaceSockets);
  const sockets: SocketServer = {
    get count() {
      return devices.count + viewers.count;
    },
    serves: (url) => isOfDevices(url) || viewers.serves(url),
    handleUpgrade: (request, socket, head) =>
      (viewers.serves(request.url ?? "") ? viewers : devices).handleUpgrade(request, socket, head),
    async drain() {
      viewers.drain();
      await devices.drain();
    },
    async close() {
      viewers.close();
      await devices.close();
    },
  };
  return createHttpServer(edge, sockets);
}

/** The socket of devices; those of the surfaces have longer paths. */
function isOfDevices(url: string): boolean {
  return /^\/ws\/?(\?|$)/.test(url);
}
