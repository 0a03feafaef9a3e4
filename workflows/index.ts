// Exports every workflow. Temporal bundles this file.
import { edit as editKind } from "./edit/process.ts";
import { intake as intakeKind } from "./intake/process.ts";
import { createProcessWorkflow } from "./process/workflow.ts";
import { reply as replyKind } from "./reply/process.ts";
import { title as titleKind } from "./title/process.ts";
import { upload as uploadKind } from "./upload/process.ts";

export { call } from "./call/workflow.ts";

export const reply = createProcessWorkflow(replyKind);
export const title = createProcessWorkflow(titleKind);
export const upload = createProcessWorkflow(uploadKind);
export const intake = createProcessWorkflow(intakeKind);
export const edit = createProcessWorkflow(editKind);
