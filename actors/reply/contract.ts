// A reply: what a model answers to one message, while it is written and until its end. The actor holds the deltas of the
// present attempt, so viewers resume by number at any gateway, an attempt of a lost worker cannot append any more, and the end
// is decided once. It then reports to its conversation, which stores the answer as a message. Key: the reply's id.
import type { Surface } from "../llm/contract.ts";
import { contract } from "../runtime/contract.ts";
import type { ConversationId, MessageId, UserId } from "../shared/ids.ts";

export type ReplyStatus = "queued" | "running" | "completed" | "stopped" | "failed";

/** The process that makes a reply; its key is `name:replyId`. */
export type ReplyProcessName = "reply" | "edit";

export interface ReplyFacts {
  conversationId: ConversationId;
  /** The message that is answered. */
  replyTo: MessageId;
  replyToSeq: number;
  /** A new version of this answer. */
  regenerates?: MessageId;
  assistantId: string;
  /** Who made the assistant: its definition stands in the settings of that user. */
  assistantOwnerId: UserId;
  /** The first message that the assistant may see: one that joined a group later may not see what came before. */
  fromSeq: number;
  /** Who addressed the assistant, and pays. The prompt holds nothing that this user may not see. */
  payerId: UserId;
  /** Where it was asked for, as the ledger's rows say it; absent: in the messenger. */
  surface?: Surface;
  /** Who gets its frames: users, or the subject of a large group. */
  target: { users: readonly UserId[] } | { conversationId: ConversationId };
}

/** Input of the processes that make replies. */
export interface ReplyProcessInput extends Omit<ReplyFacts, "target"> {
  replyId: string;
}

export interface ReplyView extends ReplyFacts {
  replyId: string;
  status: ReplyStatus;
  /** 0 before the first one. */
  attempt: number;
  /** Number of the last delta of this attempt; 0: none. */
  seq: number;
  /** Deltas with a number above the one asked for, in order, of the present attempt. */
  deltas: readonly string[];
  /** Of the first of `deltas`. */
  firstSeq: number;
  /** The text was stored with the answer long ago, and is not held here any more: read the message. */
  isForgotten: boolean;
  error?: { code: string; message: string };
  /** Set once the answer is stored. */
  messageId?: MessageId;
}

export interface ReplyEnd {
  attempt: number;
  status: "completed" | "stopped" | "failed";
  error?: { code: string; message: string };
  /** Added to the answer's message: model, usage, tool calls, images. At most `maxExtraBytes` as JSON. */
  extra?: Readonly<Record<string, unknown>>;
}

/** What a conversation stores. */
export interface EndedReply extends Omit<ReplyEnd, "attempt"> {
  replyId: string;
  text: string;
}

interface ReplyCommands {
  /** From the conversation's outbox. `isWaiting`: others are answered first, and `start` follows. */
  create(input: ReplyFacts & { isWaiting?: true }): null;
  /** From the conversation: its process was started. */
  start(input: Record<string, never>): null;
  /** Begins an attempt: its number, higher than all before. Viewers get a reset when deltas were seen. Throws llm.reply_over. */
  begin(input: Record<string, never>): { attempt: number };
  /**
   * Each delta gets a number and is a frame of its own; send no empty ones. `isStopped`: a user wants the reply to end, or
   * it is longer than `maxReplyBytes`: the worker then finishes it. Without deltas only the answer counts. Throws
   * llm.reply_over, llm.attempt_over.
   */
  append(input: {
    attempt: number;
    /** Number of the first of `deltas`: those that are held already are left out, so that a retry adds nothing twice. */
    firstSeq?: number;
    deltas: string[];
  }): { seq: number; isStopped: boolean };
  /** Ends it, once: the first end wins, and every caller learns which one that was. */
  finish(input: ReplyEnd): { status: ReplyStatus };
  /** Ends a reply that nobody works on, and asks the worker of a running one to end it. Idempotent. */
  stop(input: { userId: UserId }): { status: ReplyStatus };
  /** From the conversation: its message or the conversation is gone, or the message was edited. Nothing of it is stored. */
  discard(input: Record<string, never>): null;
  /** From the conversation: the answer's message. Absent: a stopped reply without a text leaves none. */
  stored(input: { messageId?: MessageId }): null;
}
interface ReplyQueries {
  /** Throws llm.reply_not_found. Access is checked by the caller, with the conversation. */
  read(input: { afterSeq: number; attempt?: number }): ReplyView;
}
/** The conversation, as far as a reply knows it. */
export const ReplyOwner = contract<{ replyEnded(input: EndedReply): null }, Record<never, never>>("conversation");

export const Reply = contract<ReplyCommands, ReplyQueries>("reply");

/**
 * The subject on which a stop of a running reply is published, as if it were a user: a worker that waits for a silent upstream
 * listens to it. The notification has the type `reply.stop`.
 */
export function stopSubject(replyId: string): string {
  return `reply:${replyId}`;
}
