// Exports every workflow. Temporal bundles this file.
export { call } from "./call/workflow.ts";
