import type { Duplex } from "node:stream";
import type { Clock } from "../../actors/runtime/ports.ts";

/** ms in which a refused client may read its answer; then the connection is destroyed, whether or not the client closed it. */
const refusalGraceMs = 2_000;

/** Answers a connection that sent no HTTP request, or that is not upgraded, and closes it. */
export function refuse(clock: Pick<Clock, "after">, socket: Duplex, status: string): void {
  socket.on("error", () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const cancel = clock.after(refusalGraceMs, () => socket.destroy());
  socket.once("close", cancel);
}
