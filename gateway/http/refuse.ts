import type { Duplex } from "node:stream";
import type { Clock } from "../../actors/runtime/ports.ts";

/** A refused client may read its answer for so long; then its connection is cut, whether or not the client closes it. */
export const refusalGraceMs = 2_000;

/** Answers a connection that is no HTTP request, or is not upgraded, and lets go of it. */
export function refuse(clock: Pick<Clock, "after">, socket: Duplex, status: string): void {
  socket.on("error", () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const cancel = clock.after(refusalGraceMs, () => socket.destroy());
  socket.once("close", cancel);
}
