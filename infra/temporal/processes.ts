// Temporal for the runner of a host: every request ends within its time-out, and an outage is noticed by the first request that
// fails. From then on Temporal is probed at intervals, and the runner does not wait for it.
import type { ProcessEngine } from "../../actors/process/engine.ts";
import type { Log } from "../../gateway/ports.ts";
import { createWorkflowsClient } from "../../workflows/client.ts";
import { processTimer } from "../system/clock.ts";
import { openTemporal, type TemporalConnection, type TemporalOptions } from "./connection.ts";
import { isUnknownSearchAttribute, temporalError } from "./errors.ts";
import { registerSearchAttributes } from "./search-attributes.ts";

interface TemporalProcesses extends ProcessEngine {
  close(): Promise<void>;
}

/** Short: a process that is not started in time is started again, or run by this host. */
const requestTimeoutMs = 2_000;
const registerTimeoutMs = 10_000;
const probeEveryMs = 1_000;

/** Not reachable until the first probe has succeeded. */
export function openTemporalProcesses(options: TemporalOptions & { log: Log }): TemporalProcesses {
  return new Processes(options);
}

class Processes implements TemporalProcesses {
  readonly #options: TemporalOptions & { log: Log };
  readonly #temporal: TemporalConnection;
  readonly #client: ReturnType<typeof createWorkflowsClient>["processes"];
  #isReachable = false;
  #cancelProbe = () => {};
  #isClosed = false;

  constructor(options: TemporalOptions & { log: Log }) {
    this.#options = options;
    this.#temporal = openTemporal(options);
    this.#client = createWorkflowsClient(this.#temporal.client, options.taskQueue).processes;
    void this.#probe();
  }

  isReachable(): boolean {
    return this.#isReachable;
  }

  async start(process: Parameters<ProcessEngine["start"]>[0]): Promise<void> {
    await this.#ask(async () => {
      try {
        await this.#client.start(process);
      } catch (error) {
        if (!isUnknownSearchAttribute(error)) throw error;
        await this.#temporal.within(registerTimeoutMs, registerSearchAttributes);
        await this.#client.start(process);
      }
    });
  }

  cancel(key: string): Promise<void> {
    return this.#ask(() => this.#client.cancel(key));
  }

  isOver(key: string): Promise<boolean> {
    return this.#ask(() => this.#client.isOver(key));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelProbe();
    await this.#temporal.close();
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#temporal.within(requestTimeoutMs, work);
    } catch (error) {
      if (this.#isReachable) this.#away(error);
      throw temporalError(error, this.#options);
    }
  }

  #away(error: unknown): void {
    this.#isReachable = false;
    const reason = String(temporalError(error, this.#options));
    this.#options.log.warn("processes: Temporal unreachable, run by this host", { reason });
    this.#probeLater();
  }

  async #probe(): Promise<void> {
    try {
      await this.#temporal.probe();
      if (!this.#isReachable && !this.#isClosed) this.#options.log.info("processes: handed over to Temporal");
      this.#isReachable = true;
    } catch {
      this.#probeLater();
    }
  }

  #probeLater(): void {
    this.#cancelProbe();
    if (!this.#isClosed) this.#cancelProbe = processTimer.after(probeEveryMs, () => void this.#probe());
  }
}
