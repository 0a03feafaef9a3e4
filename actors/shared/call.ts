// A one-to-one call, in the terms that the workflow, the two user actors and the gateway share.
import type { ConversationId, UserId } from "./ids.ts";

export type CallType = "audio" | "video";
export type CallOutcome = "completed" | "rejected" | "busy" | "missed" | "cancelled" | "failed";
export type CallState = "ringing" | "connected" | "ended";

/** Times are ms since 1970. */
export interface CallView {
  callId: string;
  state: CallState;
  /** Set once the call has ended. */
  outcome?: CallOutcome;
  callType: CallType;
  callerId: UserId;
  calleeId: UserId;
  conversationId: ConversationId;
  roomName: string;
  startedMs: number;
  connectedMs?: number;
  endedMs?: number;
  /** The device that answered. */
  answeredBy?: string;
}

/** What a caller asks for. */
export interface NewCall {
  callId: string;
  callType: CallType;
  callerId: UserId;
  callerDeviceId: string;
  /** Of the caller, for the callee's screen. */
  callerName?: string;
  callerAvatar?: string;
  calleeId: UserId;
  conversationId: ConversationId;
  traceId?: string;
}

/** A call rings for so long, unless its workflow was started with another time. */
export const defaultRingMs = 60_000;
/** A call whose end was never reported keeps its users busy for so long after it rang out. */
export const ringMarginMs = 60_000;
/** A connected call whose end was never reported keeps its users busy for so long; its workflow ends it before. */
export const maxCallMs = 12 * 3_600_000;
/** Ids of calls, on every wire: the call's message is sent under the key `call:<callId>`, which has 64 characters at most. */
export const maxCallIdChars = 48;

/** The state and outcome of a call in one word, as REST answers and frames name it. */
type CallStatus = "calling" | "connected" | "ended" | "rejected";

export function callStatusOf({ state, outcome }: { state: CallState; outcome?: CallOutcome }): CallStatus {
  if (state === "ringing") return "calling";
  if (state === "connected") return "connected";
  return outcome === "rejected" || outcome === "busy" ? "rejected" : "ended";
}
