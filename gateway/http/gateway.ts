// The edge of one host: REST, pages and sockets on one port.
import { createAuthenticator } from "../auth/authenticator.ts";
import type { GatewayDeps } from "../ports.ts";
import { createSocketServer } from "../ws/server.ts";
import { createHttpServer, type Gateway } from "./http-server.ts";

export function createGateway(deps: GatewayDeps): Gateway {
  const authenticator = createAuthenticator(deps);
  return createHttpServer(deps, authenticator, createSocketServer(deps, authenticator));
}
