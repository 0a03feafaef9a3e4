// Requests that a client sends on one connection without waiting for answers (pipelining). Node hands them over at once;
// with unsafe methods they have to take effect in their order (RFC 9112, 9.3.2), so each waits for the answer before it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Requests of one connection that wait; one more closes the connection. */
const maxPipelinedRequests = 100;

export function inOrder(handle: Handler): Handler {
  /** By connection with a running request: the requests that wait behind it. */
  const waiting = new WeakMap<Socket, (() => void)[]>();

  function run(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    response.once("close", () => {
      const next = waiting.get(socket)?.shift();
      if (next) next();
      else waiting.delete(socket);
    });
    handle(request, response);
  }

  return (request, response) => {
    const queue = waiting.get(request.socket);
    if (!queue) {
      waiting.set(request.socket, []);
      run(request, response);
    } else if (queue.length < maxPipelinedRequests) queue.push(() => run(request, response));
    else request.socket.destroy();
  };
}
