// What a user remembers of his calls: the one he is in, which makes "busy" and glare exact, and the last ones.
import type { CallOutcome, CallState, CallType, CallView } from "../shared/call.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

export type CallRole = "caller" | "callee";

/** A call as one of its two users remembers it. Times are ms since 1970. */
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
  /** Of the caller, at the time of the call; only the callee keeps them. */
  callerName?: string;
  callerAvatar?: string;
  outcome?: CallOutcome;
  connectedMs?: number;
  endedMs?: number;
  durationMs?: number;
  /** The device that answered. */
  answeredBy?: string;
  /** Of an ended call: it rang, or found the line busy, and the callee did not get to answer. Only the callee keeps it. */
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
  /** Somebody is on the line already: of which call, with whom, and who of the two called. Glare: it is the peer whom he calls. */
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
   * A fresh id, later than those before, for a call that this user is about to make. The input says
   * which: a commandId that was used for another call is a conflict.
   */
  newCallId(input: { calleeId?: UserId; callType?: CallType }): { callId: string };
  /**
   * Takes the user's line for this call; a callee's devices ring (livekit.call_invite). One call at a time: else "busy",
   * and a callee remembers that he missed it, unless it is glare (he is calling this very peer). The same callId again
   * changes nothing. A line that nobody freed in time (`ringMarginMs`, `maxCallMs`) is free. Throws user.not_found.
   */
  beginCall(input: BeginCall): BeganCall;
  /**
   * Says how the call went on; "ended" frees the line. Monotone and idempotent: an ended call stays ended as it is, and a
   * call that the user does not know changes nothing. "connected" again may change callType.
   */
  updateCall(input: UpdateCall): null;
}

/** Who asks for what: see `actors/shared/authorization.ts`, realm "call". */
export type CallOperation = "call.view" | "call.accept" | "call.reject" | "call.hangup" | "call.mode" | "call.token";

export interface UserCallQueries {
  /**
   * A call of this user, who wants to do something with it. Throws rtc.call_not_found for a call that is not his (or is
   * older than the last ones), common.forbidden for what is the other side's to do.
   */
  call(input: { callId: string; operation: CallOperation }): { call: CallView; record: CallRecord };
  /**
   * Newest first; `limit` at most `maxCallsKept`. Pages `after` a call (undefined: the first page) go on behind that call
   * though newer ones came; a call that is not kept any more has nothing behind it.
   */
  calls(input: { from: { offset: number } | { after: string | undefined }; limit: number }): {
    total: number;
    calls: CallRecord[];
    hasMore: boolean;
  };
}
