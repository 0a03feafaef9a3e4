import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Failure } from "../kit/envelope.ts";

/** ms in which a refused client may read its answer; then the connection is destroyed, whether or not the client closed it. */
const refusalGraceMs = 2_000;

/** Answers a connection that sent no HTTP request, or that is not upgraded, and closes it. */
export function refuse(clock: Pick<Clock, "after">, socket: Duplex, { status, headers, body }: Failure): void {
  socket.on("error", () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    Connection: "close",
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${text}`);
  const cancel = clock.after(refusalGraceMs, () => socket.destroy());
  socket.once("close", cancel);
}
