// Finds out, from inside an activity, whether the workflow of a call still runs.
import { Context } from "@temporalio/activity";
import { WorkflowNotFoundError } from "@temporalio/common";
import { workflowIdOf } from "./contract.ts";

/** True when the workflow of this call does not run any more: then it will not free the lines that it took. */
export async function isAbandoned(callId: string): Promise<boolean> {
  try {
    const { status } = await Context.current().client.workflow.getHandle(workflowIdOf(callId)).describe();
    return status.name !== "RUNNING";
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
