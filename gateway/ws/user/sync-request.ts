import type { Connection } from "../socket/connection.ts";
import { encodeNotification } from "../wire/encode.ts";

/**
 * Tells a device to pull: a conversation it cannot be pushed, or (without one) its own lists. From here on its acks do
 * not say how far it is, until it has the complete answer to a SYNC that began later.
 */
export function requestSync(connection: Connection, conversationId?: string, userVersion?: number): void {
  if (conversationId !== undefined) {
    connection.keepsProgress = false;
    connection.syncProof = undefined;
  }
  const scope = conversationId === undefined ? "user" : "conversation";
  const timestamp = connection.edge.deps.clock.nowMs();
  connection.send(encodeNotification("sync.request", { scope, sessionId: conversationId, userVersion, timestamp }));
}
