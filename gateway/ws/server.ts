// Takes WebSocket upgrades for the socket gateway.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Languages } from "../kit/languages.ts";
import type { GatewayDeps } from "../ports.ts";
import { assembleGateway } from "./assemble.ts";
import { ClientSocket } from "./socket/connection.ts";
import { readUpgrade, selectProtocol } from "./socket/upgrade.ts";
import { minDeflateBytes } from "./wire/frame.ts";

interface SocketServer {
  readonly count: number;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Serves no new socket; answers the frames that were read, and closes the sockets, a few at a time. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** A client that does not answer the close frame for so long is cut off. */
const closeTimeoutMs = 5_000;

export function createSocketServer(
  deps: GatewayDeps,
  authenticator: Authenticator,
  languages: Languages,
): SocketServer {
  const gateway = assembleGateway(deps, authenticator, languages);
  const sockets = new WebSocketServer(socketOptions(deps.limits.maxFrameBytes));
  const idPrefix = `${deps.identity.boot.slice(0, 12)}-`;
  let opened = 0;

  gateway.start();

  return {
    get count() {
      return gateway.count;
    },
    handleUpgrade(request, socket, head) {
      const { token, ...opening } = readUpgrade(request);
      // With a token CONNECT_ACK follows soon, and leaves in one packet with the answer to the upgrade.
      if (token !== undefined) socket.cork();
      sockets.handleUpgrade(request, socket, head, (ws) => {
        opened += 1;
        // The socket of an HTTP server is a net.Socket, or a TLS one, which is a net.Socket, too.
        gateway.accept(ws, socket as Socket, `${idPrefix}${opened}`, opening, token);
      });
    },

    drain: () => gateway.drain(),

    async close() {
      await gateway.close();
      sockets.close();
    },
  };
}

function socketOptions(maxPayload: number) {
  return {
    noServer: true,
    WebSocket: ClientSocket,
    maxPayload,
    clientTracking: false,
    // The connection writes pongs: `ws` would keep a closure per socket.
    autoPong: false,
    closeTimeout: closeTimeoutMs,
    handleProtocols: selectProtocol,
    perMessageDeflate: {
      threshold: minDeflateBytes,
      // Frames are compressed once for all receivers, and no socket keeps a window.
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    },
  };
}
