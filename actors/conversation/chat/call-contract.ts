// What calls ask of the conversation of the two.
import type { CallOutcome, CallType } from "../../shared/call.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";

export interface RecordCall {
  callId: string;
  callerId: UserId;
  callType: CallType;
  outcome: CallOutcome;
  /** 0 unless it was connected. */
  durationMs: number;
  startedMs: number;
}

export interface ConversationCallCommands {
  /** The call's message (content type call_record), from the caller. Idempotent by callId, like a send. */
  recordCall(input: RecordCall): { messageId: MessageId; seq: number };
}

export interface ConversationCallQueries {
  /** The rules of sending hold for calls: throws message.not_friends, message.blocked, session.not_found. */
  mayCall(input: { callerId: UserId; calleeId: UserId }): null;
}
