// The typed client of the workflows: what hosts use, and what scripts are written with (see examples/).
import { Client, Connection, type ConnectionOptions } from "@temporalio/client";
import { type CallsClient, createCallsClient } from "./call/client.ts";

export type { CallsClient } from "./call/client.ts";
export type { CallFilter, CallSummary } from "./call/list.ts";

/** Everything runs on one queue: a host with the role workflows serves it. */
export const taskQueue = "parley";

export interface WorkflowsClient {
  readonly calls: CallsClient;
}

export function createWorkflowsClient(client: Client, queue = taskQueue): WorkflowsClient {
  return { calls: createCallsClient(client, queue) };
}

/** For scripts: `await using workflows = await connectWorkflows({ address: "127.0.0.1:7233" })`. */
export async function connectWorkflows(
  options: Pick<ConnectionOptions, "address" | "tls" | "apiKey"> & { namespace?: string; taskQueue?: string } = {},
): Promise<WorkflowsClient & AsyncDisposable> {
  const { namespace, taskQueue: queue, ...connectionOptions } = options;
  const connection = await Connection.connect(connectionOptions);
  return {
    ...createWorkflowsClient(new Client({ connection, namespace }), queue),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
