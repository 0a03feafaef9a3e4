// What a socket is given beyond live frames: as much as it takes. A burst (a gap of the bell that was pulled, frames that
// waited for the lease) must close no healthy socket (G7).
// P1: who catches up gets `sliceBytes` per tick, and nothing while `roomBytes` wait for his socket.
// P2: he goes on when that has drained; one that does not drain in `stallMsMax` is slow, and closed by the sweep.

import type { Listener } from "../delivery/listener.ts";
import type { Connection } from "./connection.ts";

/** Of one listener in one tick. */
export const sliceBytes = 64 * 1024;
/** Waiting for a socket that does not drain. */
export const stallMsMax = 30_000;

/** Bytes waiting for a socket up to which more is written: the rest of its buffer is for what happens meanwhile. */
export function roomBytes({ edge }: Connection): number {
  return edge.deps.limits.maxOutboundBytes / 4;
}

export function outstandingBytes({ pendingBytes, socket }: Connection): number {
  return pendingBytes + socket.writableLength;
}

/** P1 */
export function hasRoom(connection: Connection): boolean {
  return outstandingBytes(connection) < roomBytes(connection);
}

/** P2: the listener is settled again when its socket has room. */
export function goOnWhenDrained(listener: Listener): void {
  const { connection } = listener;
  const isFirst = connection.stalled === undefined;
  connection.stalled ??= new Set();
  connection.stalled.add(listener);
  if (!isFirst) return;
  connection.stalledSinceMs = connection.edge.elapsedMs();
  awaitDrain(connection);
}

function awaitDrain(connection: Connection): void {
  // After this tick's write. Without the lease nothing is written: the sweep settles later.
  connection.edge.deps.clock.soon(() => {
    if (connection.state === "closing") return;
    if (hasRoom(connection)) goOn(connection);
    else if (connection.pendingBytes === 0) connection.socket.once("drain", () => goOn(connection));
    else if (connection.edge.deps.lease.isHeld()) awaitDrain(connection);
  });
}

/** Whoever waits for this socket is settled; those who are still behind wait again. */
function goOn(connection: Connection): void {
  const { stalled } = connection;
  connection.stalled = undefined;
  if (connection.state === "closing") return;
  for (const { channel, connection: owner, isLive } of stalled ?? []) {
    const listener = channel.listeners.get(owner);
    if (listener && !isLive) channel.settle(listener);
  }
}

/** From the sweep: what had to wait without a drain to be told of goes on. */
export function lookForRoom(connection: Connection): "ok" | "stalled" {
  if (connection.stalled === undefined) return "ok";
  if (hasRoom(connection)) goOn(connection);
  else if (connection.edge.elapsedMs() - connection.stalledSinceMs > stallMsMax) return "stalled";
  return "ok";
}
