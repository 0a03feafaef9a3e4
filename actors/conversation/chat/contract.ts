// Commands that every conversation understands: messages, marks, typing.
import type { ConversationId, UserId } from "../../shared/ids.ts";
import type { MessageRef, PlacedMessage, SendMessage, SendReceipt } from "../model/send-types.ts";

export interface ChatCommands {
  /** Appends a message and notifies every member. The same clientMsgId again returns the first receipt. */
  send(input: SendMessage): SendReceipt;
  /**
   * Recalls a message: the sender within 2 minutes, owner and admins of a group within 24 hours. `isFirst`: no earlier call
   * has recalled it.
   */
  recall(input: { by: UserId; message: MessageRef }): { version: number; isFirst?: true };
  /**
   * Replaces the content of one's own text message, within 15 minutes, at most 100 times. It mentions nobody: `mentions` are
   * only checked, so that a member who may not mention everybody is refused.
   */
  edit(input: {
    by: UserId;
    message: MessageRef;
    content: unknown;
    /** The content as it was read with the message: kept as the first of its versions. */
    original?: unknown;
    mentions?: string[] | undefined;
  }): { version: number };
  /** Pins a message or unpins it: in a group owner and admins, in a chat of two both. At most 50 are pinned. */
  pin(input: { by: UserId; message: PlacedMessage; on: boolean }): { version: number };
  /** Adds the caller's reaction or takes it back. `version` 0: nothing changed, and the last version is not known. */
  react(input: { by: UserId; message: PlacedMessage; emoji: string; on: boolean }): { version: number };
  /** Moves the read mark forward, up to the head. Groups > 500 keep no marks: the reader's own actor does. */
  markRead(input: { userId: UserId; seq: number }): { seq: number; countSeq: number };
  /**
   * Marks of several users at once, gathered by a gateway; delivered marks only in pairs. Unknown users are ignored.
   * `reads` answers the members' read marks, never above the head, as `markRead` would: the gateway passes them on to `user`.
   */
  markMany(input: { marks: { userId: UserId; readSeq?: number; deliveredSeq?: number }[] }): {
    accepted: number;
    reads: { userId: UserId; seq: number; countSeq: number }[];
  };
  /** USER_TYPING to the others; nothing is journaled. */
  typing(input: { userId: UserId; deviceId?: string }): null;
  /** Checks that the caller may talk here, and brings an empty chat into the caller's list. */
  open(input: { userId: UserId }): { conversationId: ConversationId };
}
