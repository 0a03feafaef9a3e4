// A one-to-one call, as everybody speaks of it: the workflow that drives it, the two users who remember it, and the edge.
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

/** What somebody asks for who calls. */
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

/** A call rings for so long unless the process that drives it is told otherwise. */
export const defaultRingMs = 60_000;
/** A call that rang out, and was never said to be over, holds its users for so long after. */
export const ringMarginMs = 60_000;
/** A connected call that was never said to be over holds its users for so long: the process ends it before. */
export const maxCallMs = 12 * 3_600_000;
/** Ids of calls, on every wire: the call's message is sent under the key `call:<callId>`, which has 64 characters at most. */
export const maxCallIdChars = 48;

/** The words for it on the wires of the seed. */
export type CallStatus = "calling" | "connected" | "ended" | "rejected";

export function callStatusOf({ state, outcome }: { state: CallState; outcome?: CallOutcome }): CallStatus {
  if (state === "ringing") return "calling";
  if (state === "connected") return "connected";
  return outcome === "rejected" || outcome === "busy" ? "rejected" : "ended";
}
