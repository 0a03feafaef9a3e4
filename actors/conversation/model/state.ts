// The state of a conversation: a pair, a group or system messages, and the chat that all three have.

import type { Query, Turn } from "../../runtime/contract.ts";
import { type ConversationId, type MessageId, parseConversationId, type UserId } from "../../shared/ids.ts";
import type { Reaction } from "../../shared/message.ts";
import type { AssistantChat, PendingReply } from "./assistant-state.ts";
import { type Dedupe, emptyDedupe } from "./dedupe.ts";
import type { ConversationEvent, EditsOf } from "./events.ts";
import type { GroupState } from "./group-state.ts";
import { emptyPair, type PairState } from "./pair-state.ts";

export interface ConversationState {
  readonly id: ConversationId;
  /** Exactly one of the four is set; a group and a chat with a model from their creation on. None for a malformed id. */
  pair?: PairState;
  group?: GroupState;
  system?: SystemState;
  assistant?: AssistantChat;
  /** Replies of models that are owed, in order; at most the first one runs. */
  replies: readonly PendingReply[];
  /** Seqs of answers that have a newer version, ascending. */
  superseded: readonly number[];
  version: number;
  seq: number;
  countSeq: number;
  updatedAtMs: number;
  bucket: number;
  bucketFirstSeq: number;
  bucketFromMs: number;
  last?: LastMessage;
  /** Seqs of messages that do not count as unread, ascending: see counts.ts. */
  uncounted: number[];
  dedupe: Dedupe;
  /** The newest messages, at place `seq % maxRecent`. */
  recent: RecentMessage[];
  /** The newest changes of messages, by seq. A message that is not here has the status of its row. */
  changed: Map<number, MessageChanged>;
  /** Time of the last edit; 0 = none. Times of edits do not go back, because rows and devices compare them. */
  lastEditMs: number;
  /** Changes up to this version may be missing in `changed`: facts read from rows must be newer. 0 = none was dropped. */
  forgottenVersion: number;
  /** Pinned messages by seq, in the order of pinning. Absent where there is none. */
  pins?: Map<number, PinnedMessage>;
  /** Reactions that changed last. Absent before the first one. */
  reactions?: ReactionState;
  /** Messages that will expire, by seq. */
  pending: Map<number, PendingExpiry>;
  /** When the earliest of them expires; 0 = none has a time yet. */
  expiryDueMs: number;
}
interface SystemState {
  readonly userId: UserId;
  readSeq: number;
}
/** A message that waits to expire. */
interface PendingExpiry {
  messageId: MessageId;
  bucket: number;
  senderId: UserId;
  /** 0 = the burn has not started: the other side has not read it yet. */
  dueMs: number;
  burnAfterReadMs: number;
}
interface LastMessage {
  messageId: MessageId;
  seq: number;
  senderId: UserId;
  contentType: string;
  preview: string;
  atMs: number;
}
export interface PinnedMessage {
  messageId: MessageId;
  by: UserId;
  atMs: number;
  version: number;
}
export interface ReactionState {
  /** By seq, the longest unchanged first. A message that is not here has the reactions of its row. */
  held: Map<number, HeldReactions>;
  /** User and emoji pairs in `held`. */
  count: number;
  /** Reactions up to this version may be missing in `held`: facts read from rows must be newer. */
  forgottenVersion: number;
  /** When the first of the taps that wait is published; 0 = none waits. */
  dueMs: number;
}
export interface HeldReactions {
  messageId: MessageId;
  bucket: number;
  reactions: readonly Reaction[];
  /** Of the last `reacted`, and its time. */
  version: number;
  toldAtMs: number;
  /** Taps came since. */
  isWaiting: boolean;
}
export interface MessageChanged {
  status: "edited" | "recalled" | "expired";
  version: number;
  /** Set while the status is "edited", by this release and later ones. */
  edits?: EditsOf;
}
interface RecentMessage {
  seq: number;
  messageId: MessageId;
  senderId: UserId;
  /** Of its send. Absent in older snapshots. */
  version?: number;
}

export type ConversationTurn = Turn<ConversationState, ConversationEvent>;
export type ConversationQuery = Query<ConversationState>;
/** The functions that answer the queries of a contract. */
export type QueriesOf<Q extends { [N in keyof Q]: (input: never) => unknown }> = {
  [N in keyof Q]: (query: ConversationQuery, input: Parameters<Q[N]>[0]) => ReturnType<Q[N]>;
};

// Constants of folding: to change one needs a new snapshot format.
export const maxRecent = 64;
export const maxChanged = 10_000;

/** Most conversations have neither replies nor versions of answers: they share one list. */
const none: readonly never[] = [];

export function initialState(key: string): ConversationState {
  const parsed = parseConversationId(key);
  return {
    id: key,
    pair: parsed?.type === "single" ? emptyPair(parsed.users) : undefined,
    group: undefined,
    system: parsed?.type === "system" ? { userId: parsed.userId, readSeq: 0 } : undefined,
    assistant: undefined,
    replies: none,
    superseded: none,
    version: 0,
    seq: 0,
    countSeq: 0,
    updatedAtMs: 0,
    bucket: 0,
    bucketFirstSeq: 1,
    bucketFromMs: 0,
    last: undefined,
    uncounted: [],
    dedupe: emptyDedupe(),
    recent: [],
    changed: new Map(),
    lastEditMs: 0,
    forgottenVersion: 0,
    pending: new Map(),
    expiryDueMs: 0,
  };
}

/** Recent messages with fromSeq < seq ≤ toSeq, newest first. */
export function recentBetween(state: ConversationState, fromSeq: number, toSeq: number): RecentMessage[] {
  const found: RecentMessage[] = [];
  const oldest = Math.max(fromSeq, state.seq - maxRecent);
  for (let seq = Math.min(toSeq, state.seq); seq > oldest; seq -= 1) {
    const message = state.recent[seq % maxRecent];
    if (message?.seq === seq) found.push(message);
  }
  return found;
}
