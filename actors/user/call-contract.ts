// A user's calls: the current one, which makes "busy" and glare exact, and the last ones.
import type { CallOutcome, CallState, CallType, CallView } from "../shared/call.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

export type CallRole = "caller" | "callee";

/** A call as one of its two users keeps it. Times are ms since 1970. */
export interface CallRecord {
  callId: string;
  peerId: UserId;
  role: CallRole;
  callType: CallType;
  conversationId: ConversationId;
  roomName: string;
  state: CallState;
  startedMs: number;
  ringUntilMs: number;
  /** The caller's name at the time of the call; only the callee keeps name and avatar. */
  callerName?: string;
  callerAvatar?: string;
  outcome?: CallOutcome;
  connectedMs?: number;
  endedMs?: number;
  durationMs?: number;
  /** The device that answered. */
  answeredBy?: string;
  /** The call ended before the callee could answer: it rang, or found the line busy. Only the callee keeps this. */
  isMissed?: true;
}

export type BeginCall = Pick<
  CallRecord,
  | "callId"
  | "peerId"
  | "role"
  | "callType"
  | "conversationId"
  | "roomName"
  | "startedMs"
  | "ringUntilMs"
  | "callerName"
  | "callerAvatar"
>;

export type BeganCall =
  | { kind: "begun" }
  /** The line is taken by this call with this peer, in which the user has this role. Glare: the two users call each other. */
  | { kind: "busy"; callId: string; peerId: UserId; role: CallRole };

export interface UpdateCall {
  callId: string;
  state: "connected" | "ended";
  outcome?: CallOutcome;
  callType?: CallType;
  connectedMs?: number;
  endedMs?: number;
  durationMs?: number;
  answeredBy?: string;
}

export interface UserCallCommands {
  /**
   * A fresh id, higher than earlier ones, for a call that this user is about to make. A commandId that was used with another
   * input is a conflict.
   */
  newCallId(input: { calleeId?: UserId; callType?: CallType }): { callId: string };
  /**
   * Takes the user's line for this call; a callee's devices ring (livekit.call_invite). A user is in one call at a time:
   * another call gets "busy", and a callee keeps it as missed unless the two users call each other (glare). The same callId
   * again changes nothing. A line that nobody freed in time (`ringMarginMs`, `maxCallMs`) is free. Throws user.not_found.
   */
  beginCall(input: BeginCall): BeganCall;
  /**
   * Records the progress of a call; "ended" frees the line. Monotone and idempotent: an ended call stays as it ended, and an
   * unknown call changes nothing. "connected" again may change callType.
   */
  updateCall(input: UpdateCall): null;
}

/** Operations on a call: see `actors/shared/authorization.ts`, realm "call". */
export type CallOperation = "call.view" | "call.accept" | "call.reject" | "call.hangup" | "call.mode" | "call.token";

export interface UserCallQueries {
  /**
   * A call of this user, for an operation on it. Throws rtc.call_not_found for somebody else's call, or one that is not kept
   * any more, and common.forbidden for an operation that only the other side may do.
   */
  call(input: { callId: string; operation: CallOperation }): { call: CallView; record: CallRecord };
  /**
   * Newest first; `limit` at most `maxCallsKept`. A page `after` a call (undefined: the first page) begins behind that call,
   * whatever calls came since; it is empty when that call is not kept any more.
   */
  calls(input: { from: { offset: number } | { after: string | undefined }; limit: number }): {
    total: number;
    calls: CallRecord[];
    hasMore: boolean;
  };
}
