// Reads an ended call from the data that Temporal keeps of its workflow. This needs no running worker.
import { type Client, WorkflowFailedError, WorkflowNotFoundError } from "@temporalio/client";
import type { CallType } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { callCallee, callCaller, callConversation } from "../kit/search-attributes.ts";
import { type CallResult, roomOf, workflowIdOf } from "./contract.ts";

/** The ended call; for a running call, waits for its end. Throws rtc.call_not_found. */
export async function endedCall(client: Client, callId: string): Promise<CallResult> {
  const handle = client.workflow.getHandle(workflowIdOf(callId));
  try {
    return (await handle.result()) as CallResult;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new DomainError("rtc.call_not_found");
    if (!(error instanceof WorkflowFailedError)) throw error;
  }
  // A terminated workflow has no result.
  const { startTime, closeTime, memo, typedSearchAttributes } = await handle.describe();
  return {
    callId,
    state: "ended",
    outcome: "failed",
    callType: (memo?.callType ?? "audio") as CallType,
    callerId: typedSearchAttributes.get(callCaller) ?? "",
    calleeId: typedSearchAttributes.get(callCallee) ?? "",
    conversationId: typedSearchAttributes.get(callConversation) ?? "",
    roomName: roomOf(callId),
    startedMs: startTime.getTime(),
    endedMs: (closeTime ?? startTime).getTime(),
    endedBy: "operator",
  };
}

/** The error for an invite that repeats the id of an ended call. */
export function refusalOfEnded({ outcome, refusal }: CallResult): DomainError {
  if (refusal) return new DomainError(refusal.error, { message: refusal.message, details: refusal.details });
  if (outcome === "busy") return new DomainError("rtc.busy");
  if (outcome === "rejected") return new DomainError("rtc.rejected");
  if (outcome === "missed") return new DomainError("rtc.no_answer");
  return new DomainError("rtc.call_ended", { details: { outcome } });
}
