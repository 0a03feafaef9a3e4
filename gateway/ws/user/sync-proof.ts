// When the acks of a device that was told to sync say again how far it is.
// F1: a hole left to the client is closed when the client has the complete answer, not when it was written: the answer
//     may be lost with the socket. A ping behind it tells: its pong comes from somebody who has read what was before.
// F2: a hole that the client is told of while the answer is being read is not closed by that answer.
import type { Vector } from "../../../actors/session/contract.ts";
import type { Connection } from "../socket/connection.ts";
import { storeVector } from "./progress.ts";

export interface SyncProof {
  /** Of the ping, and of its pong. */
  readonly payload: Buffer;
  /** What the device holds once it has the answer; unknown while it is read. */
  vector: Vector | undefined;
}

/** To be called before the answer is read (F2). Undefined: there is no hole to close. */
export function expectSync(connection: Connection): SyncProof | undefined {
  const { keepsProgress, wishes, edge } = connection;
  if (keepsProgress || wishes.pullsItself) return undefined;
  connection.syncProof = { payload: Buffer.from(edge.deps.random.hex(32)), vector: undefined };
  return connection.syncProof;
}

/** To be called after a complete answer was written (F1). */
export function askForProof(connection: Connection, proof: SyncProof, vector: Vector): void {
  if (connection.syncProof !== proof) return; // F2
  proof.vector = vector;
  connection.edge.writer.push(connection, pingOf(proof.payload), 1);
}

/** A pong came. */
export function takeProof(connection: Connection, payload: Buffer): void {
  const { syncProof: proof, edge, caller } = connection;
  if (proof?.vector === undefined || !proof.payload.equals(payload)) return;
  connection.syncProof = undefined;
  connection.keepsProgress = true;
  // What it got by SYNC is pushed no more at the next connect.
  storeVector(connection, proof.vector).catch((thrown: unknown) => {
    edge.deps.log.warn("a sync was not stored", { userId: caller?.userId, cause: String(thrown) });
  });
}

function pingOf(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x89, payload.length]), payload]);
}
