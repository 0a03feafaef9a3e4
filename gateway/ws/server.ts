// The socket edge of one gateway: takes upgrades, knows every socket, lets them go.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Authenticator } from "../auth/authenticator.ts";
import { isClosedByOthers } from "../kit/held-lease.ts";
import type { GatewayDeps } from "../ports.ts";
import { assembleEdge } from "./assemble.ts";
import type { Edge } from "./edge.ts";
import { ClientSocket, Connection } from "./socket/connection.ts";
import { readUpgrade, selectProtocol } from "./socket/upgrade.ts";
import { greet } from "./user/hello.ts";
import { closeCodes } from "./wire/close-codes.ts";
import { minDeflateBytes } from "./wire/frame.ts";

export interface SocketServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes nobody new; everybody is answered what he asked, and sent elsewhere, a few at a time. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Then a client that does not answer the close frame is cut off. */
const closeTimeoutMs = 5_000;
/** How often a draining gateway looks whether the last answer has left. */
const drainLookMs = 20;
/** Sockets go a few at a time, so that those who come to another gateway do not wait for each other there. */
const minGoingAtOnce = 20;
/** However many there are, all have gone in about so many rounds of `drainLookMs`. */
const goingRounds = 150;

export function createSocketServer(deps: GatewayDeps, authenticator: Authenticator): SocketServer {
  const { edge, sweep } = assembleEdge(deps, authenticator);
  const sockets = new WebSocketServer(socketOptions(deps.limits.maxFrameBytes));
  const idPrefix = `${deps.identity.boot.slice(0, 12)}-`;
  let count = 0;

  sweep.start();

  return {
    handleUpgrade(request, socket, head) {
      const { token, wishes } = readUpgrade(request);
      // With a token CONNECT_ACK follows soon: it leaves in one packet with the answer to the upgrade.
      if (token !== undefined) socket.cork();
      sockets.handleUpgrade(request, socket, head, (ws) => {
        count += 1;
        const id = `${idPrefix}${count}`;
        // The socket of an HTTP server is a net.Socket, or a TLS one, which is a net.Socket too.
        const connection = new Connection(edge, ws, socket as Socket, id, wishes);
        edge.hub.add(connection);
        if (edge.isDraining) connection.close(closeCodes.goingAway);
        else if (edge.hub.all.size > deps.limits.maxConnections) connection.close(closeCodes.tooMany);
        else if (!deps.lease.isHeld()) ws.pause();
        if (token !== undefined && connection.state === "connecting") void greet(connection, token);
      });
    },

    async drain() {
      edge.isDraining = true;
      const all = [...edge.hub.all];
      const atOnce = Math.max(minGoingAtOnce, Math.ceil(all.length / goingRounds));
      const going: Promise<void>[] = [];
      for (let i = 0; i < all.length; i += atOnce) {
        if (i > 0 && !isClosedByOthers(deps)) await pause(edge);
        going.push(sendAway(edge, all.slice(i, i + atOnce))); // one who waits for an answer keeps nobody else
      }
      await Promise.all(going);
      if (!isClosedByOthers(deps)) await edge.readMarks.flush();
      if (!isClosedByOthers(deps)) await edge.gone.end();
    },

    async close() {
      edge.isDraining = true;
      sweep.stop();
      for (const connection of [...edge.hub.all]) {
        connection.close(closeCodes.goingAway);
        connection.ws.terminate();
      }
      if (!isClosedByOthers(deps)) await edge.gone.end();
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
    // Pongs are written by the connection: ws would keep a closure per socket.
    autoPong: false,
    closeTimeout: closeTimeoutMs,
    handleProtocols: selectProtocol,
    perMessageDeflate: {
      threshold: minDeflateBytes,
      // Frames are compressed once for all their receivers, and no socket keeps a window.
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    },
  };
}

/** Reads no more from them, answers what they asked, and closes them. */
async function sendAway(edge: Edge, connections: readonly Connection[]): Promise<void> {
  for (const connection of connections) connection.ws.pause();
  if (!isClosedByOthers(edge.deps)) {
    await answered(edge, connections);
    edge.writer.flush();
  }
  for (const connection of connections) connection.close(closeCodes.goingAway);
}

/** Until every send has its answer; each has a deadline. A boot that is closed meanwhile has nobody to tell. */
async function answered(edge: Edge, connections: readonly Connection[]): Promise<void> {
  const untilMs = edge.elapsedMs() + edge.deps.limits.sendDeadlineMs;
  const isWaiting = () => connections.some(({ sendsInFlight }) => sendsInFlight > 0);
  while (isWaiting() && edge.elapsedMs() < untilMs && !isClosedByOthers(edge.deps)) await pause(edge);
}

function pause(edge: Edge): Promise<void> {
  return new Promise((resolve) => edge.deps.clock.after(drainLookMs, resolve));
}
