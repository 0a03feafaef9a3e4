import type { MessageId, UserId } from "../../shared/ids.ts";
import type { ChatInfo, ChatPatch, PendingReply } from "./assistant-state.ts";
import type { Versioned } from "./versioned.ts";

export interface ChatCreated extends Versioned {
  type: "chat_created";
  chat: Required<ChatPatch> & Pick<ChatInfo, "ownerId" | "titleBy">;
}

export interface ChatUpdated extends Versioned {
  type: "chat_updated";
  /** The user, or the assistant whose model made the title. */
  by: UserId;
  patch: ChatPatch & { titleBy?: ChatInfo["titleBy"] };
  /** Title and assistant after the change: what lists show. */
  title: string;
  assistantId: string;
}

/** An answer has a newer version. */
interface Superseded extends Versioned {
  type: "superseded";
  messageId: MessageId;
  seq: number;
  newMessageId: MessageId;
}

/** A model is a member of the group, or has a new name or avatar. */
export interface AssistantAdded extends Versioned {
  type: "assistant_added";
  assistantId: string;
  ownerId: UserId;
  name: string;
  avatar: string;
  visibleFromSeq: number;
  by: UserId;
}

export type AssistantEvent =
  | ChatCreated
  | ChatUpdated
  | ({ type: "chat_deleted"; by: UserId } & Versioned)
  | Superseded
  | AssistantAdded
  | ({ type: "assistant_removed"; assistantId: string; by: UserId } & Versioned)
  /** Of a deleted chat: the files of the next `count` messages are released. */
  | { type: "files_released"; count: number }
  | { type: "reply_queued"; reply: PendingReply }
  /** The message of a running reply was edited: another reply takes its place. */
  | { type: "reply_replaced"; replyId: string; reply: PendingReply }
  /** These replies are over or not wanted any more; `nextId` is the one that runs now. */
  | {
      type: "replies_left";
      replyIds: string[];
      nextId?: string;
      asksTitle?: true;
      /** Those of them that left no message: discarded, or stopped before anything was written. */
      unstored?: Pick<PendingReply, "replyId" | "replyTo" | "replyToSeq">[];
    };
