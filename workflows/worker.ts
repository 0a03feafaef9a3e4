// A worker runs workflows and activities. Only here, and only when one starts, is @temporalio/worker loaded: it costs 0.3 s
// and 94 MB. Bundling the workflows costs another second, once per process.
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
  /** Made elsewhere; default: made here, which takes this thread for two seconds. */
  workflowBundle?: WorkflowBundle;
  /** Activities that may go on after `shutdown`; their retries run elsewhere. */
  shutdownGraceMs?: number;
}
export interface WorkerLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface RunningWorker {
  /** Resolves after `shutdown`; rejects when the worker cannot go on. */
  readonly finished: Promise<void>;
  /** Takes no more work, finishes what it has, and hands the workflows it remembers to the other workers. */
  shutdown(): Promise<void>;
}

// What one host does at once; more waits in Temporal's queue, where other hosts see it.
const maxWorkflowTasks = 100;
const maxActivities = 200;
/** Workflows kept in memory between two events, about 100 KB each; others are replayed. */
const maxCachedWorkflows = 500;
/** A worker that was killed holds its workflows' next step back for at most so long. */
const stickyTimeoutMs = 2_000;
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
      stickyQueueScheduleToStartTimeout: stickyTimeoutMs,
      shutdownGraceTime: shutdownGraceMs ?? defaultShutdownGraceMs,
    });
    const finished = worker.run().finally(() => connection.close());
    return {
      finished,
      async shutdown() {
        if (worker.getState() === "RUNNING") worker.shutdown();
        // Whoever waits for `finished` hears of a failure; for a shutdown any end is one.
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

/** Straight from the sources. */
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
      // The host decides when its parts stop.
      shutdownSignals: [],
      telemetryOptions: {
        logging: { forward: {}, filter: sdk.makeTelemetryFilterString({ core: "WARN", other: "ERROR" }) },
      },
    });
  }
  return sdk;
}

/** Every poller tells of every attempt to reach a server that is away: once in this time is enough. */
const outageLineEveryMs = 60_000;
const outageLine = /^gRPC call \w+ retried/;

/** The SDK's lines that an operator should read. */
function loggerOf(log: WorkerLog) {
  let outageToldMs = 0;
  const write = (level: "warn" | "error") => (message: string, meta?: Record<string | symbol, unknown>) => {
    if (!outageLine.test(message)) log[level](`Temporal: ${message}`, { ...meta });
    else if (Date.now() - outageToldMs > outageLineEveryMs) {
      outageToldMs = Date.now();
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
