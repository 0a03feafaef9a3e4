// Finds calls in Temporal's index of workflows.
import type { Client } from "@temporalio/client";
import { listMax, quoted } from "../kit/list-query.ts";
import { callCallee, callCaller, callConversation, callState } from "../kit/search-attributes.ts";
import { callIdOf, callWorkflowType } from "./contract.ts";

export interface CallFilter {
  /** The caller or the callee. */
  userId?: string;
  conversationId?: string;
  /** ringing, connected, or an outcome (see search-attributes.ts). */
  state?: string;
  /** At most `listMax`, which is the default. */
  limit?: number;
}
export interface CallSummary {
  callId: string;
  callerId: string;
  calleeId: string;
  conversationId: string;
  state: string;
  startedMs: number;
  endedMs?: number;
}

export async function listCalls(client: Client, filter: CallFilter): Promise<CallSummary[]> {
  const limit = Math.min(filter.limit ?? listMax, listMax);
  const found: CallSummary[] = [];
  for await (const execution of client.workflow.list({ query: queryOf(filter), pageSize: limit })) {
    const { workflowId, typedSearchAttributes: attributes, startTime, closeTime } = execution;
    found.push({
      callId: callIdOf(workflowId),
      callerId: attributes.get(callCaller) ?? "",
      calleeId: attributes.get(callCallee) ?? "",
      conversationId: attributes.get(callConversation) ?? "",
      state: attributes.get(callState) ?? "",
      startedMs: startTime.getTime(),
      endedMs: closeTime?.getTime(),
    });
    if (found.length >= limit) break;
  }
  return found;
}

function queryOf({ userId, conversationId, state }: CallFilter): string {
  const terms = [`WorkflowType = ${quoted(callWorkflowType)}`];
  if (userId !== undefined) {
    terms.push(`(${callCaller.name} = ${quoted(userId)} OR ${callCallee.name} = ${quoted(userId)})`);
  }
  if (conversationId !== undefined) terms.push(`${callConversation.name} = ${quoted(conversationId)}`);
  if (state !== undefined) terms.push(`${callState.name} = ${quoted(state)}`);
  return terms.join(" AND ");
}
