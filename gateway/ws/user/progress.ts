// What a device has confirmed, told to its session actor: lazily, so a crash sends a little twice.
import { maxMarksPerRecord, Session, type Vector } from "../../../actors/session/contract.ts";
import type { Connection } from "../socket/connection.ts";

/** Every 120 s, while the socket is open. */
export async function saveProgress(connection: Connection): Promise<void> {
  const conversations = newMarks(connection);
  if (connection.caller === undefined || conversations === undefined) return;
  await storeVector(connection, { conversations });
  for (const listener of connection.listeners ?? []) {
    const saved = conversations[listener.channel.conversationId];
    if (saved !== undefined) listener.savedVersion = saved;
  }
}

/** A vector of any size, in records of the allowed size. */
export async function storeVector({ caller, edge }: Connection, vector: Partial<Vector>): Promise<void> {
  if (caller === undefined) return;
  const session = edge.deps.actors.get(Session, caller.userId);
  const { deviceId } = caller;
  const marks = Object.entries(vector.conversations ?? {});
  for (let i = 0; i === 0 || i < marks.length; i += maxMarksPerRecord) {
    const conversations = Object.fromEntries(marks.slice(i, i + maxMarksPerRecord));
    await session.progress({ deviceId, vector: i === 0 ? { ...vector, conversations } : { conversations } });
  }
}

/** The socket is closing: the session actor no longer waits for it, and knows how far the device got. */
export function reportGone(connection: Connection): void {
  const { caller, edge } = connection;
  if (caller === undefined || !connection.isCounted) return;
  connection.isCounted = false;
  const { userId, deviceId } = caller;
  const connectionId = connection.id;
  const conversations = newMarks(connection);
  edge.gone.tell(userId, { connectionId, deviceId, progress: conversations && { conversations } });
  const { presence, clock, log } = edge.deps;
  presence.offline(userId, connectionId, clock.nowMs()).catch((thrown: unknown) => {
    log.warn("a device is not known to be offline", { userId, connectionId, cause: String(thrown) });
  });
}

function newMarks({ listeners, keepsProgress }: Connection): Record<string, number> | undefined {
  if (!keepsProgress || listeners === undefined) return undefined;
  let marks: Record<string, number> | undefined;
  for (const { channel, ackedVersion, savedVersion } of listeners) {
    if (ackedVersion <= savedVersion) continue;
    marks ??= {};
    marks[channel.conversationId] = ackedVersion;
  }
  return marks;
}
