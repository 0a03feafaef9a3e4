// A conversation without rules: it makes the changes that the test asks for, counts seqs and versions as the real conversation
// does, and keeps rows as the views would, up to the last record that the test has projected.
import type { ConversationChange, StoredMessage, Summary, Window } from "../../actors/conversation/contract.ts";
import type { ConversationEvent, Sent } from "../../actors/conversation/model/events.ts";
import type { Head } from "../../actors/runtime/head.ts";
import { ShardClock } from "../../actors/runtime/log/stamp.ts";
import type { ActorRecord } from "../../actors/runtime/record.ts";
import { shardOf } from "../../actors/runtime/sharding.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { ConversationId, UserId } from "../../actors/shared/ids.ts";

interface Member {
  visibleFromSeq: number;
  readSeq: number;
  deliveredSeq: number;
}

/** What one record does to the rows. */
type RowWrite = (conversation: ScriptedConversation) => void;

export class ScriptedConversation {
  readonly id: ConversationId;
  readonly members = new Map<UserId, Member>();
  readonly records: ActorRecord[] = [];
  /** Records that the rows hold. */
  projected = 0;
  readonly rows = new Map<number, StoredMessage>();
  readonly changeRows: { version: number; change: ConversationChange }[] = [];
  readonly bucketRows: { bucket: number; firstSeq: number; fromMs: number }[] = [];
  version = 0;
  seq = 0;
  countSeq = 0;
  bucket = 1;
  bucketFirstSeq = 1;
  messagesPerBucket: number;
  last: Head["last"];
  updatedAtMs = 0;
  isGroup: boolean;
  isDisbanded = false;
  /** The name of a group. */
  title = "";
  windowsAsked = 0;
  /** The seqs of recalled and expired messages, which change no more. */
  readonly gone = new Set<number>();
  /** By seq, the time at which a message expires. */
  readonly expiring = new Map<number, number>();
  /** Who mentioned everybody, by seq. */
  readonly mentionsAll = new Map<number, UserId>();
  #writes: RowWrite[] = [];
  #clock: ShardClock;

  constructor(id: ConversationId, members: readonly UserId[], messagesPerBucket = 10_000) {
    this.id = id;
    this.isGroup = id.startsWith("g_");
    this.messagesPerBucket = messagesPerBucket;
    this.#clock = new ShardClock(shardOf("conversation", id));
    for (const userId of members) this.members.set(userId, newMember(1));
  }

  get head(): Head {
    const { version, seq, countSeq, updatedAtMs, last } = this;
    // `countSeq` less the messages that are unread now.
    const countOf = ({ readSeq }: Member) => readSeq + [...this.gone].filter((each) => each > readSeq).length;
    const readCount = Object.fromEntries([...this.members].map(([id, member]) => [id, countOf(member)]));
    return { version, seq, countSeq, updatedAtMs, ...(last && { last }), ...(!this.isGroup && { readCount }) };
  }

  send(senderId: UserId, content: unknown, nowMs: number, more: Partial<Sent> = {}): StoredMessage {
    this.version += 1;
    this.seq += 1;
    this.countSeq += 1;
    const opensBucket = this.seq - this.bucketFirstSeq >= this.messagesPerBucket || this.seq === 1;
    if (opensBucket && this.seq > 1) {
      this.bucket += 1;
      this.bucketFirstSeq = this.seq;
    }
    const { seq, version, countSeq, bucket, id } = this;
    const messageId = String(this.#clock.next(nowMs));
    const facts = {
      ...{ messageId, seq, version, bucket, senderId, content, contentType: "text", clientMsgId: `c${seq}` },
      ...{ senderName: `name of ${senderId}`, senderAvatar: "" },
      ...more,
    };
    const event: Sent = { type: "sent", countSeq, hash: 0, ...(opensBucket && { opensBucket }), ...facts };
    const message: StoredMessage = { conversationId: id, atMs: nowMs, status: "normal", ...facts };
    this.#mark(senderId, seq);
    if (more.mentions?.includes("all")) this.mentionsAll.set(seq, senderId);
    this.last = { messageId, seq, senderId, contentType: "text", preview: String(content), atMs: nowMs };
    if (more.expireAtMs !== undefined) {
      this.last.expireAtMs = more.expireAtMs;
      this.expiring.set(seq, more.expireAtMs);
    }
    this.#decide(event, nowMs, (target) => {
      if (opensBucket) target.bucketRows.push({ bucket, firstSeq: seq, fromMs: nowMs });
      target.rows.set(seq, message);
    });
    return message;
  }

  edit(seq: number, content: unknown, by: UserId, nowMs: number): void {
    const { messageId, bucket } = this.find(seq);
    const facts = { messageId, seq, content, by };
    const event = { type: "edited" as const, ...facts, bucket, contentType: "text", ...this.#next() };
    this.#change(event, nowMs, { type: "edited", ...facts, atMs: nowMs }, (row) => {
      return { ...row, status: "edited", content, editedAtMs: nowMs };
    });
  }

  recall(seq: number, by: UserId, nowMs: number): void {
    const { messageId, bucket } = this.find(seq);
    this.#vanish(seq, "recalled");
    const event = { type: "recalled" as const, messageId, seq, by, bucket, ...this.#next() };
    this.#change(event, nowMs, { type: "recalled", messageId, seq, by, atMs: nowMs }, (row) => {
      return { ...row, status: "recalled", content: null };
    });
  }

  /** Removes several messages by one event. */
  expire(seqs: readonly number[], nowMs: number): void {
    const messages = seqs.map((seq): [number, string, number] => [
      seq,
      this.find(seq).messageId,
      this.find(seq).bucket,
    ]);
    const firstVersion = this.version + 1;
    this.version += seqs.length;
    for (const seq of seqs) this.#vanish(seq, "expired");
    this.#decide({ type: "expired", firstVersion, lastSeq: this.seq, messages }, nowMs, (target) => {
      for (const [i, [seq, messageId]] of messages.entries()) {
        const change = { type: "expired" as const, messageId, seq, atMs: nowMs };
        target.changeRows.push({ version: firstVersion + i, change });
        target.rows.set(seq, { ...target.rows.get(seq)!, status: "expired", content: null });
      }
    });
  }

  read(userId: UserId, seq: number, nowMs: number): void {
    if (seq <= this.members.get(userId)!.readSeq) return;
    this.#mark(userId, seq);
    if (this.isGroup) {
      this.#decide({ type: "group_read", marks: [[userId, seq]], receipts: [], later: [] }, nowMs, () => {});
      return;
    }
    const event = { type: "read" as const, userId, seq, messageIds: [], ...this.#next() };
    this.#change(event, nowMs, { type: "read", userId, seq, atMs: nowMs });
  }

  join(userId: UserId, by: UserId, seesHistory: boolean, nowMs: number): void {
    const visibleFromSeq = seesHistory ? 1 : this.seq + 1;
    this.members.set(userId, newMember(visibleFromSeq));
    const event = { type: "members_joined" as const, userIds: [userId], by, groupName: "", visibleFromSeq };
    const change = { type: "member_joined" as const, userIds: [userId], by, atMs: nowMs };
    this.#change({ ...event, ...this.#next() }, nowMs, change);
  }

  leave(userId: UserId, nowMs: number): void {
    this.members.delete(userId);
    const facts = { type: "member_left" as const, by: userId, reason: "exit" as const };
    this.#change({ ...facts, userId, ...this.#next() }, nowMs, { ...facts, userIds: [userId], atMs: nowMs });
  }

  changeRole(userId: UserId, role: "admin" | "member", by: UserId, nowMs: number): void {
    const facts = { type: "role_changed" as const, userId, role, by };
    this.#change({ ...facts, ...this.#next() }, nowMs, { ...facts, atMs: nowMs });
  }

  disband(by: UserId, nowMs: number): void {
    this.isDisbanded = true;
    this.#change({ type: "disbanded", by, ...this.#next() }, nowMs, { type: "disbanded", by, atMs: nowMs });
  }

  /** Writes the rows of the first `count` records, as the projector does. */
  project(count = this.records.length): void {
    for (; this.projected < Math.min(count, this.records.length); this.projected += 1)
      this.#writes[this.projected]!(this);
  }

  summary(userId: UserId, nowMs: number): Summary {
    if (this.isDisbanded) throw new DomainError("group.dissolved");
    const member = this.members.get(userId);
    if (!member) throw new DomainError(this.isGroup ? "group.not_member" : "session.not_found");
    const { visibleFromSeq, readSeq } = member;
    const expired = [...this.expiring].filter(([, expireAtMs]) => expireAtMs <= nowMs).map(([seq]) => seq);
    const uncountedSeqs = [...new Set([...this.gone, ...expired])].filter((seq) => seq > readSeq).sort((a, b) => a - b);
    const group = { name: this.title, avatar: "", role: "member" as const };
    const mentionAllSeqs = [...this.mentionsAll]
      .filter(([seq, by]) => seq > readSeq && by !== userId)
      .map(([seq]) => seq);
    const ofGroup = this.isGroup && { group, mentionAllSeqs };
    return { head: this.head, visibleFromSeq, readSeq, uncountedSeqs, ...ofGroup };
  }

  window(userId: UserId, nowMs: number): Window {
    this.windowsAsked += 1;
    const summary = this.summary(userId, nowMs);
    const otherId = this.isGroup ? undefined : [...this.members.keys()].find((id) => id !== userId);
    const other = otherId === undefined ? undefined : this.members.get(otherId);
    return {
      ...summary,
      bucket: this.bucket,
      bucketFirstSeq: this.bucketFirstSeq,
      tail: this.records.slice(this.projected),
      memberCount: this.members.size,
      ...(other && { other: { userId: otherId!, readSeq: other.readSeq, deliveredSeq: other.deliveredSeq } }),
      fanout: "users",
    };
  }

  /** The message with this seq as it was sent, from the rows or the records. */
  find(seq: number): { messageId: string; bucket: number; senderId: UserId } {
    const row = this.rows.get(seq);
    if (row) return row;
    for (const { events } of this.records) {
      const sent = (events as ConversationEvent[]).find((event) => event.type === "sent" && event.seq === seq);
      if (sent?.type === "sent") return sent;
    }
    throw new Error(`There is no message ${seq}`);
  }

  #vanish(seq: number, contentType: "recalled" | "expired"): void {
    this.gone.add(seq);
    if (this.last?.seq === seq) this.last = { ...this.last, contentType, preview: "" };
  }

  #mark(userId: UserId, seq: number): void {
    const member = this.members.get(userId);
    if (!member) return;
    member.readSeq = Math.max(member.readSeq, seq);
  }

  #next(): { version: number; lastSeq: number } {
    this.version += 1;
    return { version: this.version, lastSeq: this.seq };
  }

  #change(
    event: ConversationEvent,
    nowMs: number,
    change: ConversationChange,
    patch?: (row: StoredMessage) => StoredMessage,
  ): void {
    const { version } = this;
    this.#decide(event, nowMs, (target) => {
      target.changeRows.push({ version, change });
      if (patch && "seq" in change) target.rows.set(change.seq, patch(target.rows.get(change.seq)!));
    });
  }

  #decide(event: ConversationEvent, nowMs: number, write: RowWrite): void {
    this.updatedAtMs = nowMs;
    const stamp = this.#clock.next(nowMs);
    // Through JSON, because every record is stored as JSON.
    const events = JSON.parse(JSON.stringify([event]));
    this.records.push({ kind: "conversation", key: this.id, n: this.records.length + 1, stamp, atMs: nowMs, events });
    this.#writes.push(write);
  }
}

function newMember(visibleFromSeq: number): Member {
  return { visibleFromSeq, readSeq: visibleFromSeq - 1, deliveredSeq: 0 };
}
