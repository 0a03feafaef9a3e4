// A message as it is stored and shown. A new optional field of a message stands in `SendOptions`, below it in `optionNames`,
// and in the schema of the edge (gateway/input/message-body.ts); everything between passes the options on whole.
import type { ConversationId, MessageId, UserId } from "./ids.ts";

/** What a sender may add to a message. */
export interface SendOptions {
  /** The message that this one answers: one of the same conversation, which the sender may see. */
  replyTo?: MessageId;
  /** User ids, or "all". In a group only its members of that moment are kept. */
  mentions?: string[];
  /** Pairs only: the message expires so long after the other side has read it. */
  burnAfterReadMs?: number;
  /** Ms since 1970. */
  expireAtMs?: number;
}

const optionNames: Record<keyof SendOptions, true> = {
  replyTo: true,
  mentions: true,
  burnAfterReadMs: true,
  expireAtMs: true,
};
const names = Object.keys(optionNames) as (keyof SendOptions)[];

/** Adds the options that are set. Every send copies them twice, and a rest pattern costs several times as much. */
export function withOptions<T extends object>(to: T, from: SendOptions): T & SendOptions {
  const target: Record<string, unknown> = to as Record<string, unknown>;
  for (const name of names) if (from[name] !== undefined) target[name] = from[name];
  return to;
}

/** What the server adds to a message when it is sent. */
export interface StoredOptions extends SendOptions {
  /** The seq of the message that `replyTo` names. Absent on messages of older releases. */
  replySeq?: number;
  /** Of a forwarded copy: who wrote the original. The copy is independent of the original's later changes. */
  forwardFrom?: ForwardSource;
  /** Of a merged_forward: the object that holds the whole messages. */
  bodies?: string;
}

export interface ForwardSource {
  senderId: UserId;
  senderName: string;
}

/** Adds the options that are set, and what the server added. */
export function withStoredOptions<T extends object>(to: T, from: StoredOptions): T & StoredOptions {
  const target: T & StoredOptions = withOptions(to, from);
  if (from.replySeq !== undefined) target.replySeq = from.replySeq;
  if (from.forwardFrom !== undefined) target.forwardFrom = from.forwardFrom;
  if (from.bodies !== undefined) target.bodies = from.bodies;
  return target;
}

/** The message that another one answers, as of now. No row holds it: a recall or an edit would leave the old text there. */
export interface Quote {
  messageId: MessageId;
  seq: number;
  senderId: UserId;
  senderName: string;
  contentType: string;
  /** One line; "" when the message is gone. */
  content: string;
  /** Set when the message is gone. */
  status?: "recalled" | "expired";
}

/** A message as rows, history, sync and notifications carry it. Names are those at the time of sending. */
export interface StoredMessage extends StoredOptions {
  messageId: MessageId;
  conversationId: ConversationId;
  bucket: number;
  seq: number;
  version: number;
  senderId: UserId;
  senderName: string;
  senderAvatar: string;
  clientMsgId: string;
  contentType: string;
  content: unknown;
  atMs: number;
  /** "superseded": an answer of a model that has a newer version. Rows never hold it: the conversation says it. */
  status: "normal" | "edited" | "recalled" | "expired" | "superseded";
  editedAtMs?: number;
  /** Only in what readers and notifications show, never in a row. */
  quote?: Quote;
  /** All reactions; absent: there are none. What a viewer is shown of them is made of this. */
  reactedBy?: readonly Reaction[];
}

/** Who reacted to a message with one emoji, in the order of their taps. */
export interface Reaction {
  emoji: string;
  userIds: readonly UserId[];
}

/** A message inside a merged_forward, as the edge names it to the conversation; older contents hold all of them. */
export interface ForwardedMessage {
  messageId: MessageId;
  senderId: UserId;
  senderName: string;
  contentType: string;
  preview: string;
  /** Ms since 1970, when it was sent. */
  timestamp: number;
}
