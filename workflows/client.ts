// The typed client of all workflows, for hosts and for scripts (see examples/).
import { Client, Connection, type ConnectionOptions } from "@temporalio/client";
import { type CallsClient, createCallsClient } from "./call/client.ts";
import { createProcessesClient, type ProcessesClient } from "./process/client.ts";

export type { CallsClient } from "./call/client.ts";
export type { CallFilter, CallSummary } from "./call/list.ts";
export type { NewProcess, ProcessesClient } from "./process/client.ts";
export type { ProcessFilter, ProcessSummary } from "./process/list.ts";

export interface WorkflowsClient {
  readonly calls: CallsClient;
  readonly processes: ProcessesClient;
}

export function createWorkflowsClient(client: Client, taskQueue?: string): WorkflowsClient {
  return { calls: createCallsClient(client, taskQueue), processes: createProcessesClient(client, taskQueue) };
}

/**
 * For scripts: `await using workflows = await connectWorkflows({ address: "127.0.0.1:7233" })`. Each system has its own task
 * queue, which its hosts log with "workflows: worker started". Only a script that starts a workflow needs `taskQueue`.
 */
export async function connectWorkflows(
  options: Pick<ConnectionOptions, "address" | "tls" | "apiKey"> & { namespace?: string; taskQueue?: string } = {},
): Promise<WorkflowsClient & AsyncDisposable> {
  const { namespace, taskQueue, ...connectionOptions } = options;
  const connection = await Connection.connect(connectionOptions);
  return {
    ...createWorkflowsClient(new Client({ connection, namespace }), taskQueue),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
