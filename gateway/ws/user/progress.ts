// Reports what a device has acknowledged to its session actor: lazily, so that a crash makes a few frames come again.

import type { Actors } from "../../../actors/runtime/actors.ts";
import { maxMarksPerRecord, Session, type Vector } from "../../../actors/session/contract.ts";
import type { Log } from "../../ports.ts";
import type { Reports } from "./reports.ts";
import type { UserConnection } from "./user-connection.ts";

interface ProgressDeps {
  readonly actors: Actors;
  readonly reports: Reports;
  readonly log: Pick<Log, "warn">;
}

export class Progress {
  #deps: ProgressDeps;

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
  }

  /** For the sweep, every 120 s. */
  save(connection: UserConnection): void {
    const conversations = newMarks(connection);
    if (conversations === undefined) return;
    this.store(connection, { conversations }).then(
      () => {
        for (const listener of connection.listeners ?? []) {
          const saved = conversations[listener.channel.conversationId];
          if (saved !== undefined) listener.savedVersion = saved;
        }
      },
      (thrown: unknown) => this.#warn("progress: not saved", connection, thrown),
    );
  }

  /** A vector of any size, in records of the allowed size. */
  async store({ caller }: UserConnection, vector: Partial<Vector>): Promise<void> {
    if (caller === undefined) return;
    const session = this.#deps.actors.get(Session, caller.userId);
    const { deviceId } = caller;
    const marks = Object.entries(vector.conversations ?? {});
    for (let i = 0; i === 0 || i < marks.length; i += maxMarksPerRecord) {
      const conversations = Object.fromEntries(marks.slice(i, i + maxMarksPerRecord));
      await session.progress({ deviceId, vector: i === 0 ? { ...vector, conversations } : { conversations } });
    }
  }

  /** The socket is closing. A device that acknowledged nothing new writes nothing. */
  saveAtClose(connection: UserConnection): void {
    const conversations = newMarks(connection);
    if (conversations === undefined) return;
    const { userId, id: connectionId } = connection;
    const fields = { userId, connectionId };
    this.#deps.reports.repeat(`progress ${connectionId}`, fields, () => this.store(connection, { conversations }));
  }

  #warn(message: string, { userId, id: connectionId }: UserConnection, thrown: unknown): void {
    this.#deps.log.warn(message, { userId, connectionId, cause: String(thrown) });
  }
}

/** Acknowledged versions that the session actor does not know. */
function newMarks({ listeners, ackTrust }: UserConnection): Record<string, number> | undefined {
  if (ackTrust.kind !== "complete" || listeners === undefined) return undefined;
  let marks: Record<string, number> | undefined;
  for (const { channel, ackedVersion, savedVersion } of listeners) {
    if (ackedVersion <= savedVersion) continue;
    marks ??= {};
    marks[channel.conversationId] = ackedVersion;
  }
  return marks;
}
