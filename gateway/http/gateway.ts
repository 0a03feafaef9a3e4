// The edge of one host: REST, pages and sockets on one port.
import { createApiKeys } from "../auth/api-keys.ts";
import { createAuthenticator } from "../auth/authenticator.ts";
import { createLanguages } from "../kit/languages.ts";
import { createUserFeed } from "../kit/user-feed.ts";
import type { GatewayDeps } from "../ports.ts";
import { createViewerServer } from "../surfaces/sockets/server.ts";
import { surfaceSockets } from "../surfaces/sockets.ts";
import { createSocketServer } from "../ws/server.ts";
import { createHttpServer, type Gateway, type SocketServer } from "./http-server.ts";

export function createGateway(deps: GatewayDeps): Gateway {
  const authenticator = createAuthenticator(deps);
  const languages = createLanguages(deps);
  const feed = createUserFeed(deps.viewerNotifications);
  const edge = { ...deps, authenticator, languages, keys: createApiKeys(deps), feed };
  const devices = createSocketServer(deps, authenticator, languages);
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
