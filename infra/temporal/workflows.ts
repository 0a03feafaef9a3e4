// The host's role "workflows": a worker that is there whenever Temporal is.
// V1: a host starts, and goes on, while Temporal is away; the worker comes by itself when Temporal does.
// V2: an outage is logged once when it begins and once when it is over.

import { Backoff } from "../../actors/shared/backoff.ts";
import { waitAtMost } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import type { ActivityDeps } from "../../workflows/activities.ts";
import { type RunningWorker, startWorker } from "../../workflows/worker.ts";
import { processTimer } from "../system/clock.ts";
import { bundleApart } from "./bundle.ts";
import { openTemporal, type TemporalConnection, type TemporalOptions } from "./connection.ts";
import { temporalError } from "./errors.ts";
import { registerSearchAttributes } from "./search-attributes.ts";

export interface Workflows {
  /** Whether a worker runs, and if not why. One that runs goes on while Temporal is away: see `probe`. */
  status(): { ok: boolean; detail: string };
  /** For /ready. Throws a sentence when no worker runs here or Temporal is away. */
  probe(): Promise<string>;
  /** Finishes the activities at hand, at most `shutdownGraceMs`. */
  stop(): Promise<void>;
}

const firstWaitMs = 250;
const waitMsMax = 5_000;
const registerTimeoutMs = 10_000;

/** Returns at once (V1). */
export function startWorkflows(
  options: TemporalOptions & { deps: ActivityDeps; log: Log; shutdownGraceMs?: number },
): Workflows {
  const { log } = options;
  const temporal = openTemporal(options);
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  let worker: RunningWorker | undefined;
  let failure: string | undefined = "the worker is starting";
  const waits = new Backoff({ minMs: firstWaitMs, maxMs: waitMsMax });

  const loop = async () => {
    while (!isStopping) {
      try {
        worker = await startWhenReady(temporal, options);
        log.info("workflows: worker started", { address: options.address, taskQueue: options.taskQueue });
        failure = undefined;
        waits.reset();
        if (isStopping) void worker.shutdown();
        await worker.finished;
      } catch (error) {
        const reason = temporalError(error, options);
        const sentence = reason instanceof Error ? reason.message : String(reason);
        if (failure !== sentence) log.warn("workflows: worker not running", { reason: String(reason) }); // V2
        failure = sentence;
      }
      worker = undefined;
      if (!isStopping) await waitAtMost(processTimer, waits.next(), stopping.promise);
    }
    await temporal.close();
  };
  const finished = loop();
  return {
    status: () => (failure === undefined ? { ok: true, detail: "a worker runs" } : { ok: false, detail: failure }),
    async probe() {
      if (failure !== undefined) throw new Error(failure);
      try {
        return `a worker runs on ${await temporal.probe()}`;
      } catch (error) {
        throw temporalError(error, options);
      }
    },
    async stop() {
      isStopping = true;
      stopping.resolve();
      await worker?.shutdown();
      await finished;
    },
  };
}

/** Asks first with the light client: the worker's library is loaded only when there is a server to work for. */
async function startWhenReady(
  temporal: TemporalConnection,
  options: Parameters<typeof startWorkflows>[0],
): Promise<RunningWorker> {
  await temporal.probe();
  try {
    const added = await temporal.within(registerTimeoutMs, registerSearchAttributes);
    if (added.length > 0) options.log.info("temporal: search attributes registered", { added });
  } catch (error) {
    // Where hosts may not change the namespace, an operator has added them; else invitations will say so.
    options.log.warn("temporal: search attributes not registered", { error });
  }
  return startWorker({ ...options, workflowBundle: await bundleApart() });
}
