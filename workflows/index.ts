// Every workflow: the one file that Temporal bundles.
export { call } from "./call/workflow.ts";
