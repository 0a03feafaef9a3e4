// The typed client of the workflows: what hosts use, and what scripts are written with (see examples/).
import { Client, Connection, type ConnectionOptions } from "@temporalio/client";
import { type CallsClient, createCallsClient } from "./call/client.ts";

export type { CallsClient } from "./call/client.ts";
export type { CallFilter, CallSummary } from "./call/list.ts";

export interface WorkflowsClient {
  readonly calls: CallsClient;
}

export function createWorkflowsClient(client: Client, taskQueue?: string): WorkflowsClient {
  return { calls: createCallsClient(client, taskQueue) };
}

/**
 * For scripts: `await using workflows = await connectWorkflows({ address: "127.0.0.1:7233" })`. Each system has a queue of
 * its own, which its hosts log ("workflows: worker started"): only what starts a workflow needs it.
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
