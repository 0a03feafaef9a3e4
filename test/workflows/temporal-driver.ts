// Processes on Temporal: a host that hands them over, and a worker in a process of its own. `kill` kills both.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contract } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { openTemporalProcesses } from "../../infra/temporal/processes.ts";
import { eventually } from "../suites/eventually.ts";
import { type HostDriver, startHostDriver } from "../support/process/host-driver.ts";
import type { Order } from "../support/process/kitchen.ts";
import { useTemporal } from "../support/stack.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createQuietLog } from "./call-rig.ts";
import type { WorkerAnswer, WorkerRequest } from "./meal-worker.ts";

export interface TemporalDriver extends HostDriver {
  readonly temporal: { address: string; namespace: string; taskQueue: string };
  /** Of the workflows. */
  readonly bundlePath: string;
}

export async function startTemporalDriver(): Promise<TemporalDriver> {
  const { address } = await useTemporal();
  const temporal = { address, namespace: "default", taskQueue: `meals-${systemRandom.hex(64)}` };
  const engine = openTemporalProcesses({ ...temporal, log: createQuietLog() });
  const host = await startHostDriver(engine);
  const bundlePath = await bundleOnce();
  const startWorker = () => forkWorker([address, temporal.taskQueue, bundlePath], host);
  let worker = await startWorker();
  await eventually(() => engine.isReachable(), 30_000);
  return {
    ...{ temporal, bundlePath, kitchen: host.kitchen, errorReports: host.errorReports },
    get actors() {
      return host.actors;
    },
    async kill() {
      await Promise.all([kill9(worker), host.kill()]);
    },
    async revive() {
      await host.revive();
      worker = await startWorker();
    },
    async close() {
      await Promise.all([kill9(worker), host.close()]);
      await engine.close();
    },
  };
}

let bundle: Promise<string> | undefined;

/** Path of the bundle of the stories' workflows. */
function bundleOnce(): Promise<string> {
  bundle ??= (async () => {
    const { bundleWorkflowCode, DefaultLogger } = await import("@temporalio/worker");
    const { code } = await bundleWorkflowCode({
      workflowsPath: new URL("./meal-workflows.ts", import.meta.url).pathname,
      logger: new DefaultLogger("ERROR"),
    });
    const folder = createTempFolder("meals");
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "meals.js");
    writeFileSync(path, code);
    return path;
  })();
  return bundle;
}

async function forkWorker(args: string[], host: HostDriver): Promise<ChildProcess> {
  const child = fork(new URL("./meal-worker.ts", import.meta.url).pathname, args, {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    serialization: "advanced",
  });
  let isReady = false;
  child.on("message", async (request: WorkerRequest | "ready") => {
    if (request === "ready") {
      isReady = true;
      return;
    }
    const answer = await answerTo(host, request);
    if (child.connected) child.send(answer);
  });
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`The worker ended with ${child.exitCode}`);
    return isReady;
  }, 120_000);
  return child;
}

async function answerTo(host: HostDriver, { id, kind, key, method, input }: WorkerRequest): Promise<WorkerAnswer> {
  try {
    if (kind === "kitchen") return { id, result: await host.kitchen.cook(input as Order) };
    const actor = host.actors.get({ kind } as Contract<unknown, unknown>, key) as Record<
      string,
      (input: unknown) => Promise<unknown>
    >;
    return { id, result: await actor[method]?.(input) };
  } catch (error) {
    const domainError = error instanceof DomainError ? error.error : undefined;
    return { id, failure: JSON.stringify({ domainError, message: String(error) }) };
  }
}

async function kill9(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
