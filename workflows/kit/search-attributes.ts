// The search attributes by which operators and scripts find workflows. Temporal refuses a workflow with an unregistered
// attribute, so hosts register them (infra/temporal/search-attributes.ts).
import { defineSearchAttributeKey } from "@temporalio/common";

export const callCaller = defineSearchAttributeKey("CallCaller", "KEYWORD");
export const callCallee = defineSearchAttributeKey("CallCallee", "KEYWORD");
export const callConversation = defineSearchAttributeKey("CallConversation", "KEYWORD");
/**
 * ringing, connected, then the outcome: completed, rejected, busy, missed, cancelled, failed; glare for a call that ended by
 * glare.
 */
export const callState = defineSearchAttributeKey("CallState", "KEYWORD");

/** Of processes (workflows/process): who it is for, where, and the request that it belongs to. */
export const processUser = defineSearchAttributeKey("ProcessUser", "KEYWORD");
export const processConversation = defineSearchAttributeKey("ProcessConversation", "KEYWORD");
export const processRequest = defineSearchAttributeKey("ProcessRequest", "KEYWORD");

export const searchAttributes = [
  ...[callCaller, callCallee, callConversation, callState],
  ...[processUser, processConversation, processRequest],
] as const;
