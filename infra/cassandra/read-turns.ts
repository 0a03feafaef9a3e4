// Turns of reads, so that they never fill the connection: writes, and what the projector reads for them, go on beside them.
// B1: a place is free again when its request has ended, which every request does (C2 of client.ts).
// B2: what waited longer than its caller does is not asked any more; only so many wait, the next one is refused at once.
import { Gate } from "../../actors/shared/gate.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import { processTimer } from "../system/clock.ts";
import { StorageError } from "../views/storage-error.ts";

interface ReadTurnLimits {
  /** Per process: half of what one connection takes. */
  readonly atOnce: number;
  readonly waitingMax: number;
  /** From asking for a turn to the answer. */
  readonly answerMsMax: number;
}

export type ReadTurns = <T>(ask: () => Promise<T>) => Promise<T>;

export function createReadTurns({ atOnce, waitingMax, answerMsMax }: ReadTurnLimits): ReadTurns {
  const gate = new Gate(atOnce);
  let open = 0;
  return async (ask) => {
    if (open >= atOnce + waitingMax) throw new StorageError("failed", `${waitingMax} reads wait for Cassandra already`);
    open += 1;
    let isGivenUp = false;
    const answer = gate.run(async () => {
      if (isGivenUp) throw new StorageError("failed", "nobody waits for this read any more"); // B2
      return await ask();
    });
    const createError = () => new Error(`Cassandra did not answer a read within ${answerMsMax} ms, waiting included`);
    try {
      return await withTimeout(processTimer, answerMsMax, answer, createError);
    } finally {
      isGivenUp = true;
      open -= 1;
    }
  };
}
