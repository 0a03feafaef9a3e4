// How fast a listener catches up: a burst (a gap of the notification bus that was pulled, frames that waited for the
// lease) must close no healthy socket (G7). A listener that catches up gets `sliceBytes` a tick, and nothing while its
// socket has no room.
import type { Listener, Receiver } from "./listener.ts";

/** Of one listener in one tick. */
export const sliceBytes = 64 * 1024;
/** A socket that takes nothing for so long is slow, and closed by the sweep. */
const stallMsMax = 30_000;

/** `settle` runs for the listener when its socket has room again. */
export function awaitRoom(listener: Listener, nowMs: number, settle: (listener: Listener) => void): void {
  const { connection } = listener;
  if (connection.stalled === undefined) {
    connection.stalled = { listeners: new Set(), sinceMs: nowMs };
    connection.awaitRoom(() => goOn(connection, settle));
  }
  connection.stalled.listeners.add(listener);
}

export function isStalled(listener: Listener): boolean {
  return listener.connection.stalled?.listeners.has(listener) ?? false;
}

/** Settles every listener that waits for this socket; those that are still behind wait again. */
function goOn(connection: Receiver, settle: (listener: Listener) => void): void {
  const { stalled } = connection;
  connection.stalled = undefined;
  if (connection.isClosing) return;
  for (const listener of stalled?.listeners ?? []) settle(listener);
}

/** For the sweep: goes on where no event of the socket said that there is room. */
export function lookForRoom(
  connection: Receiver,
  nowMs: number,
  settle: (listener: Listener) => void,
): "ok" | "stalled" {
  if (connection.stalled === undefined) return "ok";
  if (connection.hasRoom) goOn(connection, settle);
  else if (nowMs - connection.stalled.sinceMs > stallMsMax) return "stalled";
  return "ok";
}
