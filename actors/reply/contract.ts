// A reply: what a model answers to one message, while it is written and until its end. The actor holds the deltas of the
// present attempt, so viewers resume by number at any gateway, an attempt of a lost worker cannot append any more, and the end
// is decided once. It then reports to its conversation, which stores the answer as a message. Key: the reply's id.
import { contract } from "../runtime/contract.ts";
import type { ConversationId, MessageId, UserId } from "../shared/ids.ts";

export type ReplyStatus = "queued" | "running" | "completed" | "stopped" | "failed";

export interface ReplyFacts {
  conversationId: ConversationId;
  /** The message that is answered. */
  replyTo: MessageId;
  /** A new version of this answer. */
  regenerates?: MessageId;
  assistantId: string;
  /** Who addressed the assistant, and pays. */
  payerId: UserId;
  /** Who gets its frames: users, or the subject of a large group. */
  target: { users: readonly UserId[] } | { conversationId: ConversationId };
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
  firstSeq: number;
  error?: { code: string; message: string };
  /** Set once the answer is stored. */
  messageId?: MessageId;
}

export interface ReplyEnd {
  attempt: number;
  status: "completed" | "stopped" | "failed";
  error?: { code: string; message: string };
  /** Added to the answer's message: model, usage, tool calls, images. */
  extra?: Record<string, unknown>;
}

interface ReplyCommands {
  /** From the conversation's outbox. */
  create(input: ReplyFacts): null;
  /** Begins an attempt: its number, higher than all before. Viewers get a reset when deltas were seen. Throws llm.reply_over. */
  begin(input: Record<string, never>): { attempt: number };
  /** `isStopped`: a user wants it to end; the worker then finishes it. Throws llm.reply_over, llm.attempt_over. */
  append(input: { attempt: number; deltas: string[] }): { seq: number; isStopped: boolean };
  /** Ends it, once: the first end wins, and every caller learns which one that was. */
  finish(input: ReplyEnd): { status: ReplyStatus };
  /** Ends a reply that nobody works on, and asks the worker of a running one to end it. Idempotent. */
  stop(input: { userId: UserId }): { status: ReplyStatus };
  /** From the conversation: the answer's message. */
  stored(input: { messageId: MessageId }): null;
}
interface ReplyQueries {
  /** Throws llm.reply_not_found. Access is checked by the caller, with the conversation. */
  read(input: { afterSeq: number; attempt?: number }): ReplyView;
}
export const Reply = contract<ReplyCommands, ReplyQueries>("reply");
