// When the acknowledgements of a device that was asked to sync count as progress again: a ping is written behind the
// complete answer, and its pong proves that the device has read the answer. A hole that the device is asked to fill while
// the answer is being made is not closed by that answer.

import type { Random } from "../../../actors/runtime/ports.ts";
import type { Vector } from "../../../actors/session/contract.ts";
import type { Log } from "../../ports.ts";
import { type AckTrust, complete } from "../delivery/ack-trust.ts";
import type { Writer } from "../socket/writer.ts";
import type { Progress } from "./progress.ts";
import type { UserConnection } from "./user-connection.ts";

interface SyncProofDeps {
  readonly random: Pick<Random, "hex">;
  readonly writer: Writer;
  readonly progress: Progress;
  readonly log: Pick<Log, "warn">;
}

const payloadBits = 32;

export class SyncProofs {
  #deps: SyncProofDeps;

  constructor(deps: SyncProofDeps) {
    this.#deps = deps;
  }

  /** Before the answer is made. Undefined: there is no hole to close. */
  expect(connection: UserConnection): AckTrust | undefined {
    const { kind } = connection.ackTrust;
    if (kind === "complete" || kind === "own") return undefined;
    const payload = Buffer.from(this.#deps.random.hex(payloadBits));
    connection.ackTrust = { kind: "proving", payload, vector: undefined };
    return connection.ackTrust;
  }

  /** After the complete answer was written. `expected` is what `expect` answered. */
  ask(connection: UserConnection, expected: AckTrust, vector: Vector): void {
    if (connection.ackTrust !== expected || expected.kind !== "proving") return;
    connection.ackTrust = { ...expected, vector };
    this.#deps.writer.push(connection, pingOf(expected.payload), 1);
  }

  ponged(connection: UserConnection, payload: Buffer): void {
    const { ackTrust } = connection;
    if (ackTrust.kind !== "proving" || ackTrust.vector === undefined || !ackTrust.payload.equals(payload)) return;
    connection.ackTrust = complete;
    // What came by SYNC is not pushed again at the next connect.
    this.#deps.progress.store(connection, ackTrust.vector).catch((thrown: unknown) => {
      this.#deps.log.warn("progress: sync not stored", { userId: connection.userId, cause: String(thrown) });
    });
  }
}

function pingOf(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x89, payload.length]), payload]);
}
