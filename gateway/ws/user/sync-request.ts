import type { Connection } from "../socket/connection.ts";
import { encodeFrame } from "../wire/version-frames.ts";

/**
 * Tells a device to pull: a conversation it cannot be pushed, or (without one) its own lists. From here on its acks do
 * not say how far it is, until it has the complete answer to a SYNC that began later.
 */
export function requestSync(connection: Connection, conversationId?: string, userVersion?: number): void {
  if (conversationId !== undefined) {
    connection.keepsProgress = false;
    connection.syncProof = undefined;
  }
  const data: Record<string, unknown> = { type: "sync.request" };
  data.scope = conversationId === undefined ? "user" : "conversation";
  if (conversationId !== undefined) data.sessionId = conversationId;
  if (userVersion !== undefined) data.userVersion = userVersion;
  connection.send(encodeFrame("NOTIFICATION", connection.edge.deps.clock.nowMs(), data));
}
