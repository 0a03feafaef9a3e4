import type { Surface } from "../../llm/contract.ts";
import type { ReplyProcessName } from "../../reply/contract.ts";
import type { ErrorName } from "../../shared/errors.ts";
import type { ConversationId, MessageId, UserId } from "../../shared/ids.ts";
import type { ForwardedMessage, ForwardSource, Quote, SendOptions, StoredMessage } from "../../shared/message.ts";

export interface SendMessage {
  senderId: UserId;
  /** Idempotency key with conversation and sender (G2). 1–64 characters. */
  clientMsgId: string;
  /** The sender's name and picture at the time of sending. */
  senderName: string;
  senderAvatar: string;
  /** The sending device: it gets SEND_ACK instead of NEW_MESSAGE. */
  deviceId?: string;
  /**
   * The clientMsgId that the sender's socket sent just before and that is not answered yet. Unless the conversation knows
   * that key (in the tail, or among the keys of 10 minutes), this send is refused with message.out_of_order, so that sends
   * in flight together keep their order while one of them is retried at a new owner (G3).
   */
  afterClientMsgId?: string;
  contentType: string;
  content: unknown;
  /** Set by the edge: a copy of this message, whose content stands in `references.copy`. */
  copyOf?: MessageId;
  options?: SendOptions;
  /** The messages that this one names, as the edge found them: set with `replyTo` and for a merged_forward. */
  references?: References;
  /**
   * Set by services of this system that send for a user (call records, replies), never by the edge: friendship, blocks
   * and mutes are not checked, and reserved content types are allowed.
   */
  origin?: "service";
  /** False: no model answers it, where one would. */
  answer?: false;
  /** Where its sender wrote it: the requests of its replies are booked under it. Absent: in the messenger. */
  surface?: Surface;
}

export interface References {
  /** The seq of the message that is answered. */
  replySeq?: number;
  /** Its sender: a message of an assistant is answered by that assistant. */
  replySenderId?: UserId;
  /** That message as it was at `asOfVersion` of the conversation. */
  quote?: Quote;
  asOfVersion?: number;
  forwarded?: ForwardedMessage[];
  /** The object that holds the whole forwarded messages. */
  bodies?: string;
  /** The file that the content names, with what a message says of it. */
  file?: { fileId: string; facts: Readonly<Record<string, unknown>> };
  /** What `copyOf` names, as it is now. */
  copy?: MessageCopy;
  /** Why the sender may not name one of the messages. A retry of an accepted send is answered all the same. */
  refusal?: ErrorName;
}

export interface MessageCopy {
  contentType: string;
  content: unknown;
  forwardFrom: ForwardSource;
  /** Of a merged_forward. */
  bodies?: string;
}

/** `version` 0: a retry after a long time, whose version is not kept. */
export interface SendReceipt {
  messageId: MessageId;
  seq: number;
  version: number;
  atMs: number;
  /** The (first) reply that a model writes to it. Not known of a retry after a long time. */
  replyId?: string;
}

/** A message as `reading.findMessage` finds it in the rows and the tail. */
export interface MessageRef {
  messageId: MessageId;
  seq: number;
  bucket: number;
  senderId: UserId;
  atMs: number;
  contentType: string;
  /** At `asOfVersion` of the conversation; the conversation itself knows later changes. */
  status: StoredMessage["status"];
  asOfVersion: number;
  /** At `asOfVersion`; absent: there are none. */
  reactedBy?: StoredMessage["reactedBy"];
  /** Of a message that a model is asked about: what makes its reply. */
  process?: ReplyProcessName;
}

/** What a command needs of a message whose content it leaves alone. */
export type PlacedMessage = Pick<MessageRef, "messageId" | "seq" | "bucket" | "status" | "asOfVersion" | "reactedBy">;

/** Looks a send up by its idempotency key: called only when the day's filter says that the key may be there (G2). */
export interface SendReader {
  find(
    conversationId: ConversationId,
    day: number,
    senderId: UserId,
    clientMsgId: string,
  ): Promise<{ messageId: MessageId; seq: number; hash: number } | undefined>;
}
