// Starts and stops the parts of a process in order. Parts start one after another. When a part fails to start, the started
// parts are stopped and the error is thrown. A shutdown first drains every part (the part takes nothing new and finishes its
// work), then stops every part, both in the reverse order of their start. A shutdown takes at most `timeoutMs`: a part that
// exceeds its share is logged, and the shutdown continues with the next one.
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import type { Log } from "../../gateway/ports.ts";
import { processTimer } from "../system/clock.ts";

interface Part {
  readonly name: string;
  start?(): Promise<void> | void;
  drain?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}
export interface Lifecycle {
  start(part: Part): Promise<void>;
  /**
   * Every call returns the same promise. `clean` is false when a part failed or did not stop in time. With `drains: false`
   * running work is dropped, because other hosts have already taken it over.
   */
  shutdown(reason: string, options?: { drains: boolean }): Promise<{ clean: boolean }>;
}

/** Draining may take this share of the time, so that some time is left for stopping. */
const drainShare = 0.7;

/** Rejects when the part does not finish the step within `limitMs`. */
async function inTime(part: Part, step: "start" | "drain" | "stop", limitMs: number): Promise<void> {
  const createError = () => new Error(`${part.name} did not ${step} within ${Math.round(limitMs)} ms`);
  await withTimeout(processTimer, limitMs, Promise.resolve(part[step]?.()), createError);
}

export function createLifecycle(options: { log: Log; timeoutMs: number; startTimeoutMs?: number }): Lifecycle {
  const { log, timeoutMs, startTimeoutMs = 60_000 } = options;
  const started: Part[] = [];
  let ending: Promise<{ clean: boolean }> | undefined;

  return {
    async start(part) {
      if (ending) throw new Error(`${part.name} is not started: the process is going down`);
      try {
        await inTime(part, "start", startTimeoutMs);
        started.push(part);
      } catch (error) {
        await shutdown(`${part.name} failed to start`);
        throw error;
      }
    },
    shutdown,
  };

  function shutdown(reason: string, { drains } = { drains: true }): Promise<{ clean: boolean }> {
    ending ??= runShutdown(reason, drains);
    return ending;
  }

  async function runShutdown(reason: string, drains: boolean): Promise<{ clean: boolean }> {
    const beganMs = performance.now();
    log.info("process: shutting down", { reason, parts: started.length });
    const leftMs = () => Math.max(1, timeoutMs - (performance.now() - beganMs));
    let clean = true;
    const steps = drains ? (["drain", "stop"] as const) : (["stop"] as const);
    for (const step of steps) {
      const stepEndsMs = step === "drain" ? leftMs() * drainShare : leftMs();
      const stepBeganMs = performance.now();
      for (const part of started.toReversed()) {
        const budgetMs = Math.max(1, stepEndsMs - (performance.now() - stepBeganMs));
        try {
          await inTime(part, step, budgetMs);
        } catch (error) {
          clean = false;
          log.error("process: part failed to stop", { part: part.name, step, error });
        }
      }
    }
    log.info("process: stopped", { clean, tookMs: Math.round(performance.now() - beganMs) });
    return { clean };
  }
}

/** One Ctrl-C reaches the process several times: from the terminal, from npm and from the launcher. */
const sameKeypressMs = 1_000;

/**
 * SIGTERM or SIGINT drains, stops and exits. A second signal, given later, exits at once. An uncaught error is logged; exit
 * code 1.
 */
export function exitOnSignals(lifecycle: Pick<Lifecycle, "shutdown">, log: Log): void {
  let firstAtMs: number | undefined;
  const onSignal = (signal: "SIGTERM" | "SIGINT") => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      lifecycle.shutdown(signal).then(({ clean }) => process.exit(clean ? 0 : 1));
    } else if (performance.now() - firstAtMs > sameKeypressMs) {
      process.exit(signal === "SIGINT" ? 130 : 143);
    }
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", (error, origin) => {
    log.error("process: uncaught error, exiting", { origin, error });
    process.exit(1);
  });
}
