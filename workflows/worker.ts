// Starts a worker, which runs workflows and activities. Only this file loads @temporalio/worker, and only when a worker starts:
// loading takes 0.3 s and 94 MB. Bundling the workflows takes another second, once per process.
import type { ConnectionOptions } from "@temporalio/client";
import type { WorkflowBundle } from "@temporalio/worker";
import { type ActivityDeps, createActivities } from "./activities.ts";

export interface WorkerOptions {
  /** host:port */
  address: string;
  namespace: string;
  taskQueue: string;
  tls?: ConnectionOptions["tls"];
  apiKey?: string;
  deps: ActivityDeps;
  log: WorkerLog;
  /** A bundle that was made in another process. Default: bundled here, which blocks this thread for two seconds. */
  workflowBundle?: WorkflowBundle;
  /** Running activities may continue for this time after `shutdown`; then they are retried by other workers. */
  shutdownGraceMs?: number;
}
export interface WorkerLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface RunningWorker {
  /** Resolves after `shutdown`; rejects when the worker fails. */
  readonly finished: Promise<void>;
  /** Takes no new work, finishes running work, and releases its cached workflows to other workers. */
  shutdown(): Promise<void>;
}

// Limits of the work of one host. More work waits in Temporal's task queue, from where other hosts take it.
const maxWorkflowTasks = 100;
const maxActivities = 200;
/** Workflows that stay in memory between two events, about 100 KB each. Others are replayed from their history. */
const maxCachedWorkflows = 500;
/** When a worker was killed, another one takes the next task of its cached workflows after this time. */
const stickyTimeoutMs = 2_000;
/** A cancellation reaches a running activity with the answer to its heartbeat. */
const heartbeatThrottleMs = 1_000;
const defaultShutdownGraceMs = 5_000;

/** Throws when Temporal cannot be reached. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { address, namespace, taskQueue, tls, apiKey, deps, log, shutdownGraceMs } = options;
  const { NativeConnection, Worker } = await loadWorker(log);
  const workflowBundle = options.workflowBundle ?? (await bundleOnce(log));
  const connection = await NativeConnection.connect({ address, tls, apiKey });
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      workflowBundle,
      activities: createActivities(deps),
      maxConcurrentWorkflowTaskExecutions: maxWorkflowTasks,
      maxConcurrentActivityTaskExecutions: maxActivities,
      maxCachedWorkflows,
      workflowThreadPoolSize: 1,
      maxHeartbeatThrottleInterval: heartbeatThrottleMs,
      stickyQueueScheduleToStartTimeout: stickyTimeoutMs,
      shutdownGraceTime: shutdownGraceMs ?? defaultShutdownGraceMs,
    });
    const finished = worker.run().finally(() => connection.close());
    return {
      finished,
      async shutdown() {
        if (worker.getState() === "RUNNING") worker.shutdown();
        // A failure is reported by `finished`; for a shutdown it is an end like any other.
        await finished.catch(() => undefined);
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

let bundle: Promise<WorkflowBundle> | undefined;

function bundleOnce(log: WorkerLog): Promise<WorkflowBundle> {
  bundle ??= bundleWorkflows(log);
  return bundle;
}

/** Bundles index.ts from the TypeScript sources. */
export async function bundleWorkflows(log: WorkerLog): Promise<WorkflowBundle> {
  const { bundleWorkflowCode } = await loadWorker(log);
  return bundleWorkflowCode({ workflowsPath: `${import.meta.dirname}/index.ts`, logger: loggerOf(log) });
}

let isInstalled = false;

async function loadWorker(log: WorkerLog) {
  const sdk = await import("@temporalio/worker");
  if (!isInstalled) {
    isInstalled = true;
    sdk.Runtime.install({
      logger: loggerOf(log),
      // The host stops its parts itself (infra/node/lifecycle.ts).
      shutdownSignals: [],
      telemetryOptions: {
        logging: { forward: {}, filter: sdk.makeTelemetryFilterString({ core: "WARN", other: "ERROR" }) },
      },
    });
  }
  return sdk;
}

/** Every poller logs every attempt to reach an unavailable server. One line in this time is enough. */
const outageLineEveryMs = 60_000;
const outageLine = /^gRPC call \w+ retried/;

/** Passes the SDK's warnings and errors to our log. */
function loggerOf(log: WorkerLog) {
  let outageLoggedMs = 0;
  const write = (level: "warn" | "error") => (message: string, meta?: Record<string | symbol, unknown>) => {
    if (!outageLine.test(message)) log[level](`Temporal: ${message}`, { ...meta });
    else if (Date.now() - outageLoggedMs > outageLineEveryMs) {
      outageLoggedMs = Date.now();
      log[level]("workflows: Temporal unreachable, worker waiting");
    }
  };
  const silent = () => {};
  const [warn, error] = [write("warn"), write("error")];
  return {
    ...{ trace: silent, debug: silent, info: silent, warn, error },
    log: (level: string, message: string, meta?: Record<string | symbol, unknown>) => {
      if (level === "WARN") warn(message, meta);
      if (level === "ERROR") error(message, meta);
    },
  };
}
