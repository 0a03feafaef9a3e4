// Exports every workflow. Temporal bundles this file.
import { createProcessWorkflow } from "./process/workflow.ts";
import { upload as uploadKind } from "./upload/process.ts";

export { call } from "./call/workflow.ts";

export const upload = createProcessWorkflow(uploadKind);
