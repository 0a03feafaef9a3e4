import { hole } from "./ack-trust.ts";
import type { Receiver } from "./listener.ts";

/** Asks a device to pull its user's own lists. */
export function requestListSync(connection: Receiver, timestamp: number, userVersion?: number): void {
  connection.sendNotification("sync.request", { scope: "user", userVersion, timestamp });
}

/**
 * Asks a device to pull a conversation that cannot be pushed to it. From here on its acknowledgements do not count as
 * progress, until it has the complete answer to a SYNC that began later.
 */
export function requestConversationSync(connection: Receiver, timestamp: number, conversationId: string): void {
  if (connection.ackTrust.kind !== "own") connection.ackTrust = hole;
  connection.sendNotification("sync.request", { scope: "conversation", sessionId: conversationId, timestamp });
}
