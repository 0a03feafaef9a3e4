// The message that a call leaves in the pair, sent for the caller. A call makes one message, because the key of the send is made
// of the callId and is reserved for services. The message is sent whether the two users are still friends or not.

import { DomainError } from "../../shared/errors.ts";
import { User } from "../../user/contract.ts";
import { sideOf } from "../model/pair-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationTurn } from "../model/state.ts";
import type { RecordCall } from "./call-contract.ts";
import { callKeyPrefix } from "./check-message.ts";
import { send } from "./send.ts";

/** Content of the message: `duration` in seconds, `startedAt` in ms since 1970. */
interface CallRecordContent {
  callId: string;
  callType: RecordCall["callType"];
  outcome: RecordCall["outcome"];
  duration: number;
  startedAt: number;
}

export async function recordCall(
  turn: ConversationTurn,
  { callId, callerId, callType, outcome, durationMs, startedMs }: RecordCall,
  ports: ConversationPorts,
): Promise<{ messageId: string; seq: number }> {
  const { pair } = turn.state;
  if (!pair || sideOf(pair, callerId) === undefined) throw new DomainError("session.not_found");
  const { nickname, avatar } = await turn.ask(User, callerId).card({});
  const duration = Math.max(0, Math.floor(durationMs / 1_000));
  const content: CallRecordContent = { callId, callType, outcome, duration, startedAt: startedMs };
  const message: SendMessage = {
    senderId: callerId,
    senderName: nickname,
    senderAvatar: avatar,
    clientMsgId: callKeyPrefix + callId,
    contentType: "call_record",
    content,
    origin: "service",
  };
  const { messageId, seq } = await send(turn, message, ports);
  return { messageId, seq };
}
