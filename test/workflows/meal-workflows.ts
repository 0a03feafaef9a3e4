// The workflows that a worker of the stories runs, in place of workflows/index.ts.
import { createProcessWorkflow } from "../../workflows/process/workflow.ts";
import { meal } from "../support/process/kitchen.ts";

const upload = createProcessWorkflow(meal);

export { upload };
