// Commands and queries of a pair for calls between its two users.
import type { CallOutcome, CallType } from "../../shared/call.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";

export interface RecordCall {
  callId: string;
  callerId: UserId;
  callType: CallType;
  outcome: CallOutcome;
  /** 0 when the call was never connected. */
  durationMs: number;
  startedMs: number;
}

export interface ConversationCallCommands {
  /** Sends the call's message (content type call_record) for the caller. Idempotent by callId. */
  recordCall(input: RecordCall): { messageId: MessageId; seq: number };
}

export interface ConversationCallQueries {
  /** Who may send may call: throws message.not_friends, message.blocked, session.not_found. */
  mayCall(input: { callerId: UserId; calleeId: UserId }): null;
}
