// The workflows that a worker of the stories runs, in place of workflows/index.ts.
import { createProcessWorkflow } from "../../workflows/process/workflow.ts";
import { meal } from "../support/process/kitchen.ts";

export const upload = createProcessWorkflow(meal);
