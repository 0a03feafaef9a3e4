// Finds processes in Temporal's index of workflows.
import type { Client } from "@temporalio/client";
import type { ProcessName } from "../../actors/process/contract.ts";
import { listMax, quoted } from "../kit/list-query.ts";
import { processConversation, processRequest, processUser } from "../kit/search-attributes.ts";

export interface ProcessFilter {
  kind?: ProcessName;
  userId?: string;
  conversationId?: string;
  requestId?: string;
  /** Default: running ones and ended ones. */
  isRunning?: boolean;
  /** At most `listMax`, which is the default. */
  limit?: number;
}
export interface ProcessSummary {
  /** `kind:id` */
  key: string;
  kind: string;
  userId?: string;
  conversationId?: string;
  requestId?: string;
  /** Temporal's: RUNNING, COMPLETED, TERMINATED … */
  status: string;
  startedMs: number;
  endedMs?: number;
}

const kinds: Readonly<Record<ProcessName, true>> = { reply: true, title: true, upload: true, edit: true, intake: true };

export async function listProcesses(client: Client, filter: ProcessFilter): Promise<ProcessSummary[]> {
  const limit = Math.min(filter.limit ?? listMax, listMax);
  const found: ProcessSummary[] = [];
  for await (const execution of client.workflow.list({ query: queryOf(filter), pageSize: limit })) {
    const { workflowId, type, status, typedSearchAttributes: attributes, startTime, closeTime } = execution;
    found.push({
      ...{ key: workflowId, kind: type, status: status.name },
      userId: attributes.get(processUser),
      conversationId: attributes.get(processConversation),
      requestId: attributes.get(processRequest),
      startedMs: startTime.getTime(),
      endedMs: closeTime?.getTime(),
    });
    if (found.length >= limit) break;
  }
  return found;
}

function queryOf({ kind, userId, conversationId, requestId, isRunning }: ProcessFilter): string {
  const types = (kind === undefined ? Object.keys(kinds) : [kind]).map(quoted);
  const terms = [`WorkflowType IN (${types.join(", ")})`];
  if (userId !== undefined) terms.push(`${processUser.name} = ${quoted(userId)}`);
  if (conversationId !== undefined) terms.push(`${processConversation.name} = ${quoted(conversationId)}`);
  if (requestId !== undefined) terms.push(`${processRequest.name} = ${quoted(requestId)}`);
  if (isRunning !== undefined) terms.push(`ExecutionStatus ${isRunning ? "=" : "!="} 'Running'`);
  return terms.join(" AND ");
}
