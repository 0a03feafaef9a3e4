// Requests that a client sends on one connection without waiting for answers (pipelining). Node hands them over at once;
// with unsafe methods they have to take effect in their order (RFC 9112, 9.3.2), so each waits for the answer before it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Requests of one connection that wait; one more closes the connection. */
const maxPipelinedRequests = 100;

/** A connection with a running request. */
interface Line {
  running: { request: IncomingMessage; response: ServerResponse };
  /** What follows when the running request is answered; the last step has no request when the connection ends in it. */
  waiting: { request?: IncomingMessage; run: () => void }[];
}

interface InOrder {
  handle: Handler;
  /**
   * Ends the HTTP of a connection, by a refusal or an upgrade: `act` runs once, when the requests that came whole are
   * answered, so that its bytes are not taken for the answer to one of them. A request that did not come whole is dropped.
   */
  endWith(socket: Duplex, act: () => void): void;
}

export function inOrder(handle: Handler): InOrder {
  const lines = new WeakMap<Duplex, Line>();
  const ended = new WeakSet<Duplex>();

  function run(line: Line, request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    line.running = { request, response };
    response.once("close", () => {
      // A connection whose last answer said `close` takes no further request (RFC 9112, 9.6).
      const next = socket.writable ? line.waiting.shift() : undefined;
      if (next) next.run();
      else lines.delete(socket);
    });
    handle(request, response);
  }

  return {
    handle(request, response) {
      const { socket } = request;
      if (!socket.writable) return;
      const line = lines.get(socket);
      if (!line) {
        const opened: Line = { running: { request, response }, waiting: [] };
        lines.set(socket, opened);
        run(opened, request, response);
      } else if (line.waiting.length < maxPipelinedRequests) {
        line.waiting.push({ request, run: () => run(line, request, response) });
      } else socket.destroy();
    },

    endWith(socket, act) {
      if (ended.has(socket)) return;
      ended.add(socket);
      const line = lines.get(socket);
      if (!line) return act();
      const { request, response } = line.running;
      line.waiting = line.waiting.filter((each) => each.request?.complete);
      if (request.complete) line.waiting.push({ run: act });
      else if (response.headersSent) socket.destroy();
      else act();
    },
  };
}
