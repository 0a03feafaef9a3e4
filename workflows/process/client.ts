// The client of processes that Temporal runs, for hosts and scripts. A workflow's id is its process's key, `kind:id`.
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import type { ProcessFacts, ProcessName } from "../../actors/process/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { processConversation, processRequest, processUser } from "../kit/search-attributes.ts";
import { type ProcessWorkflowInput, workflowTaskTimeoutMs } from "./contract.ts";
import { listProcesses, type ProcessFilter, type ProcessSummary } from "./list.ts";

export interface NewProcess {
  key: string;
  name: ProcessName;
  input: unknown;
  facts: ProcessFacts;
}

export interface ProcessesClient {
  /** False: it was started before. */
  start(process: NewProcess): Promise<boolean>;
  /** Newest first. Temporal's index may miss the changes of the last moments. */
  list(filter?: ProcessFilter): Promise<ProcessSummary[]>;
  /** Does the same as an operator's *Request Cancellation*. A process that is over stays as it is. */
  cancel(key: string): Promise<void>;
  /** The same; resolves when the process has ended. */
  end(key: string): Promise<void>;
  /** True also for a process that Temporal does not know. */
  isOver(key: string): Promise<boolean>;
}

export function createProcessesClient(client: Client, taskQueue: string | undefined): ProcessesClient {
  const handleOf = (key: string) => client.workflow.getHandle(key);
  const cancel = async (key: string) => {
    await orUnknown(handleOf(key).cancel(), undefined);
  };
  return {
    async start({ key, name, input, facts }) {
      if (taskQueue === undefined) {
        const message = 'No taskQueue is set. The hosts log their task queue with "workflows: worker started".';
        throw new DomainError("common.invalid", { message });
      }
      try {
        await client.workflow.start<(input: ProcessWorkflowInput) => Promise<unknown>>(name, {
          ...{ workflowId: key, taskQueue, args: [{ input }], workflowTaskTimeout: workflowTaskTimeoutMs },
          workflowIdReusePolicy: "REJECT_DUPLICATE",
          staticSummary: summaryOf(name, facts),
          typedSearchAttributes: attributesOf(facts),
        });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },
    list: (filter = {}) => listProcesses(client, filter),
    cancel,
    async end(key) {
      await cancel(key);
      await handleOf(key)
        .result()
        .catch(() => undefined);
    },
    async isOver(key) {
      const { status } = await orUnknown(handleOf(key).describe(), { status: { name: "UNKNOWN" } });
      return status.name !== "RUNNING";
    },
  };
}

function attributesOf({ userId, conversationId, requestId }: ProcessFacts) {
  return [
    ...(userId === undefined ? [] : [{ key: processUser, value: userId }]),
    ...(conversationId === undefined ? [] : [{ key: processConversation, value: conversationId }]),
    ...(requestId === undefined ? [] : [{ key: processRequest, value: requestId }]),
  ];
}

/** One line, shown in the list of workflows. Ids only: what users write stands in no history. */
function summaryOf(name: ProcessName, { userId, conversationId }: ProcessFacts): string {
  const forUser = userId === undefined ? "" : ` for user ${userId}`;
  return `${name}${forUser}${conversationId === undefined ? "" : ` in ${conversationId}`}`;
}

async function orUnknown<T, Fallback>(work: Promise<T>, fallback: Fallback): Promise<T | Fallback> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return fallback;
    throw error;
  }
}
