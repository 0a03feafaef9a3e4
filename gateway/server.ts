// The edge of one host: REST, pages and sockets on one port.
import { createAuthenticator } from "./auth.ts";
import { createHttpServer } from "./http-server.ts";
import type { GatewayDeps } from "./ports.ts";
import { createSocketServer } from "./ws/server.ts";

export interface Gateway {
  /** Port 0 takes a free one. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Asks devices to move on and takes no new sockets; requests are still answered. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const authenticator = createAuthenticator(deps);
  return createHttpServer(deps, authenticator, createSocketServer(deps, authenticator));
}
