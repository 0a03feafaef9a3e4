// Requests whose bodies come too slowly: each would hold a place of the server. A body has a grace, and each byte that comes buys
// a little more time, so that a small body is there soon, and a large one may come over a slow line.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../actors/runtime/ports.ts";

const graceMs = 30_000;
/** 0.25 Mbit/s: 20 MiB in ten minutes. */
const bytesPerSecond = 32 * 1024;
const minLookMs = 1_000;

/** `end` is called once for a request that is too slow. */
export function createSlowBodies(clock: Pick<Clock, "after">, end: (socket: Duplex) => void) {
  function look(request: IncomingMessage, fromByte: number): void {
    const { socket } = request;
    let usedMs = 0;
    let cancel = () => {};
    const wait = (ms: number) => {
      cancel = clock.after(ms, () => {
        usedMs += ms;
        if (request.complete || request.destroyed) return;
        const allowedMs = graceMs + ((socket.bytesRead - fromByte) / bytesPerSecond) * 1_000;
        if (usedMs < allowedMs) wait(Math.max(minLookMs, allowedMs - usedMs));
        else end(socket);
      });
    };
    wait(graceMs);
    request.once("close", () => cancel());
  }

  return {
    watch(request: IncomingMessage): void {
      const { headers, socket } = request;
      if (headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0) return;
      const fromByte = socket.bytesRead;
      // Most bodies come in one packet with their headers: they are complete in a moment, and need no timer.
      process.nextTick(() => {
        if (!request.complete && !request.destroyed) look(request, fromByte);
      });
    },
  };
}
