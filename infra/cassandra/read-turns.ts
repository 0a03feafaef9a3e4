// Limits the reads for callers, so that they never fill the connection and the projector's writes and reads are not delayed.
// At most `atOnce` reads are sent at a time, and at most `waitingMax` wait; further ones are refused at once. Every request
// ends (client/time-outs), so every place becomes free again. A read whose caller gave up while it waited is not sent.
import { Gate } from "../../actors/shared/gate.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import { processTimer } from "../system/clock.ts";
import { StorageError } from "../views/storage-error.ts";

interface ReadTurnLimits {
  /** Reads of one process that are sent at a time: half of the requests that one connection carries. */
  readonly atOnce: number;
  readonly waitingMax: number;
  /** The time-out of a read, including the wait for its turn. */
  readonly answerMsMax: number;
}

export type ReadTurns = <T>(ask: () => Promise<T>) => Promise<T>;

export function createReadTurns({ atOnce, waitingMax, answerMsMax }: ReadTurnLimits): ReadTurns {
  const gate = new Gate(atOnce);
  let open = 0;
  return async (ask) => {
    if (open >= atOnce + waitingMax) throw new StorageError("failed", `${waitingMax} reads already wait for Cassandra`);
    open += 1;
    let isGivenUp = false;
    const answer = gate.run(async () => {
      if (isGivenUp) throw new StorageError("failed", "the caller of this read has given up");
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
