// What operators and scripts find workflows by. Temporal must know an attribute before a workflow carries it.
import { defineSearchAttributeKey } from "@temporalio/common";

export const callCaller = defineSearchAttributeKey("CallCaller", "KEYWORD");
export const callCallee = defineSearchAttributeKey("CallCallee", "KEYWORD");
export const callConversation = defineSearchAttributeKey("CallConversation", "KEYWORD");
/** ringing, connected, then the outcome: completed, rejected, busy, missed, cancelled, failed; glare for a call that gave way. */
export const callState = defineSearchAttributeKey("CallState", "KEYWORD");

export const searchAttributes = [callCaller, callCallee, callConversation, callState] as const;
