// What the runtime needs of the world. Each port states what it guarantees; its contract tests stand in test/suites.
import type { Notification } from "../shared/notification.ts";
import type { Head } from "./head.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Kind } from "./kinds.ts";

export interface Clock {
  /** Wall clock, ms since 1970. May jump. */
  nowMs(): number;
  /** Never goes back; only differences mean something. */
  monotonicMs(): number;
  /** Runs `callback` once after at least `delayMs`; the result cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Runs `callback` after the current task, before timers: used to gather what one tick decided. */
  soon(callback: () => void): void;
}

export interface Random {
  /** `bits` (a multiple of 8) of randomness as lower-case hex. */
  hex(bits: number): string;
  /** 0 ≤ x < 1. */
  unit(): number;
}

export type AppendOutcome =
  | { kind: "appended"; sequence: number }
  /** Another entry is last: `lastSequence` is its sequence, as the log knows it; 0: there is none. */
  | { kind: "conflict"; lastSequence: number };

/**
 * One log per shard. Guarantees: "appended" means that the commit is in the log, as durable as `durability` says; "conflict"
 * means that it is not, and never will be; a rejection means that the outcome is unknown: the commit may be in, or land later.
 * Sequences of a shard rise but need not be dense. Of two appends with the same `expectedSequence` at most one is ever in.
 */
export interface Journal {
  append(shard: number, expectedSequence: number, commit: Uint8Array): Promise<AppendOutcome>;
  /**
   * Commits with sequence ≥ `fromSequence`, oldest first, read from the leader; at most `maxCommits` (a page). Pass `knownLast`
   * if later commits are not needed: the adapter then skips looking up the end of the log.
   */
  read(shard: number, fromSequence: number, maxCommits: number, knownLast?: number): Promise<StoredCommit[]>;
  /** The shard's newest commit, from the leader; undefined: there is none. A hint: only an append decides. */
  last(shard: number): Promise<StoredCommit | undefined>;
  /** The last sequence of every shard that has one: lets a starting host skip empty logs. A hint. */
  lastSequences(): Promise<Map<number, number>>;
  /** Removes commits with sequence ≤ `upTo`, never the shard's newest. */
  trim(shard: number, upTo: number): Promise<void>;
  /** Is the log nearly full (J1)? Users' commands are refused then; fences, releases and commands between actors still fit. */
  isCrowded?(shard: number): boolean;
}
export interface StoredCommit {
  readonly sequence: number;
  readonly commit: Uint8Array;
}

/** The mark of a shard: every commit up to this sequence is done (J6). */
export interface Mark {
  readonly shard: number;
  readonly sequence: number;
  readonly commitId: string;
}

/**
 * The views, written by projectors only. One `write` is atomic per partition at least, idempotent, and in any order:
 * a row's `stamp` decides which write of a cell wins (max), a mark only rises. The marks of a write are in only when all
 * its rows are: a write that failed may have left some rows, never a mark.
 */
export interface Views {
  write(batch: { rows: readonly Row[]; marks: readonly Mark[] }): Promise<void>;
  /** Writes of the next `forMs` are not gathered with others: a hand-over waits for them. */
  hurry?(forMs: number): void;
  marks(): Promise<Mark[]>;
  /** The newest snapshot of an actor, if any. */
  snapshot(kind: Kind, key: string): Promise<StoredSnapshot | undefined>;
  /** Records (JSON of ActorRecord) of an actor with n > `afterN`, in order of n. */
  records(kind: Kind, key: string, afterN: number): Promise<string[]>;
  /** Both of an actor in one read, where the store has such a read: its newest snapshot, and the records after it. */
  past?(kind: Kind, key: string): Promise<ActorPast>;
  /** Actors of a shard with something due at or before `untilMs`, earliest first, at most `max`. */
  due(shard: number, untilMs: number, max: number): Promise<{ kind: Kind; key: string; dueMs: number }[]>;
}
export interface ActorPast {
  readonly snapshot: StoredSnapshot | undefined;
  readonly records: string[];
}
export interface StoredSnapshot {
  readonly n: number;
  readonly state: string;
}

/** Rows of the views. `stamp` is the write time. JSON travels as text, encoded once. */
export type Row =
  | { table: "actor_events"; kind: Kind; key: string; n: number; stamp: number; record: string }
  | { table: "snapshots"; kind: Kind; key: string; n: number; stamp: number; state: string }
  | MessageRow
  | MessagePatchRow
  /** All reactions to a message as JSON of Reaction[]; "" = none. The message's row may not be there yet. */
  | { table: "reactions"; conversationId: string; bucket: number; seq: number; reactions: string; stamp: number }
  /** One version of an edited message's content, as JSON; "" = erased, because the message is gone. 0: the original. */
  | {
      table: "edits";
      conversationId: string;
      bucket: number;
      seq: number;
      version: number;
      atMs: number;
      content: string;
      stamp: number;
    }
  | { table: "buckets"; conversationId: string; bucket: number; firstSeq: number; fromMs: number; stamp: number }
  | {
      table: "sends";
      conversationId: string;
      day: number;
      senderId: string;
      clientMsgId: string;
      messageId: string;
      seq: number;
      hash: number;
      stamp: number;
    }
  /** A versioned event other than a send, for sync: `change` is JSON of a ConversationChange. */
  | { table: "changes"; conversationId: string; version: number; change: string; stamp: number }
  /** The due-index: `dueMs` 0 = nothing due any more. One row per actor. */
  | { table: "due"; shard: number; kind: Kind; key: string; dueMs: number; stamp: number }
  | { table: "directory"; userId: string; nickname: string; avatar: string; stamp: number }
  /** The user's name in its canonical form, for looking members up. */
  | { table: "user_names"; userId: string; name: string; stamp: number }
  /** A member's name in the group in its canonical form; "": none. `isMember` 0: the user left. */
  | { table: "member_names"; conversationId: string; userId: string; name: string; isMember: 0 | 1; stamp: number }
  /** A settled request of this payer: `row` is JSON of a RequestRow, `id` its stamp, `day` the UTC day of `atMs`. */
  | {
      table: "requests";
      userId: string;
      day: number;
      id: number;
      atMs: number;
      model: string;
      status: number;
      isFailed: 0 | 1;
      row: string;
      stamp: number;
    }
  /** Sums of a payer's requests in a UTC hour or day since 1970: `sums` is JSON of a Cell. */
  | {
      table: "usage";
      unit: "hour" | "day";
      period: number;
      userId: string;
      model: string;
      keyId: string;
      credentialId: string;
      sums: string;
      stamp: number;
    };

export type RowOf<Table extends Row["table"]> = Extract<Row, { table: Table }>;

export interface MessageRow {
  table: "messages";
  conversationId: string;
  bucket: number;
  seq: number;
  stamp: number;
  messageId: string;
  senderId: string;
  version: number;
  atMs: number;
  contentType: string;
  /** JSON of the content. */
  content: string;
  /** JSON of {clientMsgId, senderName, senderAvatar, replyTo?, mentions?, burnAfterReadMs?, expireAtMs?, replySeq?, forwardFrom?, bodies?}. */
  extra: string;
  /** Search terms, separated and surrounded by spaces; "" = not searched. */
  terms: string;
}
/** An edit (content, terms), a recall or an expiry (content emptied) of a message; the row may not be there yet. */
export interface MessagePatchRow {
  table: "message_patches";
  conversationId: string;
  bucket: number;
  seq: number;
  stamp: number;
  status: "edited" | "recalled" | "expired";
  content: string;
  terms: string;
  atMs: number;
}

/** Heads of conversations: a cache that may lose everything, and is never stale. For an absent head the actor is asked. */
export interface Heads {
  /** Keeps the head with the higher version; an equal version overwrites. */
  put(heads: ReadonlyMap<string, Head>): Promise<void>;
  getMany(conversationIds: readonly string[]): Promise<Map<string, Head>>;
  /**
   * Heads that a reader got from the actors as the cache had none, so that the next reader need not ask. `found` is what
   * `getMany` had answered before the actors were asked. The cache may keep them, or not.
   */
  offer?(heads: ReadonlyMap<string, Head>, found: ReadonlyMap<string, Head>): void;
}

/** The notification bus: at most once, unordered across publishers. The journal is the truth. */
export interface NotificationSink {
  publish(notifications: readonly Notification[]): void;
  /** Resolves when everything published before was handed to the network. */
  flush(): Promise<void>;
}

/**
 * Calls between hosts. Rejects with a RuntimeError("unreachable") when no answer can come, at the call's deadline at the
 * latest. A call may arrive twice, or after it was given up.
 */
export interface HostTransport {
  call(host: string, invocation: Invocation): Promise<Reply>;
  /** Answers calls that arrive for this host; the result stops answering. */
  serve(host: string, answer: (invocation: Invocation) => Promise<Reply>): () => void;
}

/**
 * CONTROL (J5): one message kept per subject, compare-and-set per subject, read back in one order by all hosts. Sequences rise
 * over all subjects. Subjects: `host.<boot>` and `revoked.<loginId>`. A CONTROL that was restored from a backup ends at lower
 * sequences than its hosts have seen; the lease notices that, and every host joins again under a new boot.
 */
export interface Control {
  /** Appends if the subject's last sequence is `expectedSequence` (0: none yet). Rejects when unknown. */
  put(subject: string, value: string, expectedSequence: number): Promise<AppendOutcome>;
  /** Every kept entry first, then each new one, in order; the result stops the watch. */
  watch(handler: (entry: ControlEntry) => void): () => void;
}
export interface ControlEntry {
  readonly subject: string;
  readonly value: string;
  readonly sequence: number;
  /** Of the server's clock, ms since 1970. */
  readonly atMs: number;
}
