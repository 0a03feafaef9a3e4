// The role `workflows`: runs a worker whenever Temporal is available. A host starts and keeps running while Temporal is
// unavailable; the worker starts by itself when Temporal is back. An outage is logged once when it begins and once when it
// ends.
import { Backoff } from "../../actors/shared/backoff.ts";
import { waitAtMost } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import type { ActivityDeps } from "../../workflows/activities.ts";
import { type RunningWorker, startWorker } from "../../workflows/worker.ts";
import { processTimer } from "../system/clock.ts";
import { bundleInProcess } from "./bundle.ts";
import { openTemporal, type TemporalConnection, type TemporalOptions } from "./connection.ts";
import { temporalError } from "./errors.ts";
import { registerSearchAttributes } from "./search-attributes.ts";

export interface Workflows {
  /** Whether a worker runs, and if not, why. A running worker stays while Temporal is unavailable: see `probe`. */
  status(): { ok: boolean; detail: string };
  /** For /ready. Throws an error with an operator's text when no worker runs here, or when Temporal is unavailable. */
  probe(): Promise<string>;
  /** Lets running activities finish within `shutdownGraceMs`. */
  stop(): Promise<void>;
}

const restartMsMin = 250;
const restartMsMax = 5_000;
const registerTimeoutMs = 10_000;

/** Returns at once, even while Temporal is unavailable. */
export function startWorkflows(
  options: TemporalOptions & { deps: ActivityDeps; log: Log; shutdownGraceMs?: number },
): Workflows {
  const { log } = options;
  const temporal = openTemporal(options);
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  let worker: RunningWorker | undefined;
  let failure: string | undefined = "the worker is starting";
  const restarts = new Backoff({ minMs: restartMsMin, maxMs: restartMsMax });

  const loop = async () => {
    while (!isStopping) {
      try {
        worker = await startWhenReady(temporal, options);
        log.info("workflows: worker started", { address: options.address, taskQueue: options.taskQueue });
        failure = undefined;
        restarts.reset();
        if (isStopping) void worker.shutdown();
        await worker.finished;
      } catch (error) {
        const reason = temporalError(error, options);
        const text = reason instanceof Error ? reason.message : String(reason);
        if (failure !== text) log.warn("workflows: worker not running", { reason: String(reason) });
        failure = text;
      }
      worker = undefined;
      if (!isStopping) await waitAtMost(processTimer, restarts.next(), stopping.promise);
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

/** Probes Temporal with the light client first, so that the worker's library is loaded only when a server answers. */
async function startWhenReady(
  temporal: TemporalConnection,
  options: Parameters<typeof startWorkflows>[0],
): Promise<RunningWorker> {
  await temporal.probe();
  try {
    const added = await temporal.within(registerTimeoutMs, registerSearchAttributes);
    if (added.length > 0) options.log.info("temporal: search attributes registered", { added });
  } catch (error) {
    // A host may have no right to change the namespace. Then an operator must add the attributes, or invites are refused.
    options.log.warn("temporal: search attributes not registered", { error });
  }
  return startWorker({ ...options, workflowBundle: await bundleInProcess() });
}
