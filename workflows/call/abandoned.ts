// Asks Temporal, from inside an activity, whether anybody still drives a call.
import { Context } from "@temporalio/activity";
import { WorkflowNotFoundError } from "@temporalio/common";

/** True when the workflow of this call runs no more: nobody will free the lines that it took. */
export async function isAbandoned(callId: string): Promise<boolean> {
  try {
    const { status } = await Context.current().client.workflow.getHandle(callId).describe();
    return status.name !== "RUNNING";
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
