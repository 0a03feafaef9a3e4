// The event of a message that was checked: its place in the conversation. Seq and version are dense (G3).
import type { MessageId, UserId } from "../../shared/ids.ts";
import { type Quote, type StoredOptions, withStoredOptions } from "../../shared/message.ts";
import type { Sent } from "./events.ts";
import type { ConversationPorts } from "./ports.ts";
import type { ConversationState } from "./state.ts";

interface CheckedMessage {
  messageId: MessageId;
  senderId: UserId;
  senderName: string;
  senderAvatar: string;
  clientMsgId: string;
  hash: number;
  deviceId?: string | undefined;
  contentType: string;
  content: unknown;
  options: StoredOptions;
  quote?: Quote | undefined;
}

export function sentOf(
  state: ConversationState,
  message: CheckedMessage,
  nowMs: number,
  { rules }: ConversationPorts,
): Sent {
  const opensBucket =
    state.bucket === 0 ||
    nowMs - state.bucketFromMs >= rules.bucketMs ||
    state.seq + 1 - state.bucketFirstSeq >= rules.bucketMessagesMax;
  const { messageId, senderId, senderName, senderAvatar, clientMsgId, hash, deviceId, contentType, content } = message;
  const sent: Sent = {
    type: "sent",
    messageId,
    seq: state.seq + 1,
    version: state.version + 1,
    countSeq: isCounted(state, contentType) ? state.countSeq + 1 : state.countSeq,
    bucket: opensBucket ? state.bucket + 1 : state.bucket,
    opensBucket: opensBucket || undefined,
    senderId,
    senderName,
    senderAvatar,
    clientMsgId,
    hash,
    deviceId,
    contentType,
    content,
  };
  if (message.quote) sent.quote = message.quote;
  return withStoredOptions(sent, message.options);
}

/** System messages count in the conversation of system messages, and nowhere else. */
function isCounted(state: ConversationState, contentType: string): boolean {
  return contentType !== "system" || state.system !== undefined;
}
