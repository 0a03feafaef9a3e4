// A model of a device that follows the sync protocol: it applies answers in order and keeps what the user sees. Tests compare
// it with a new device of the same user (G6). The model holds one run of seqs per conversation without a gap, up to the last
// one that an answer named; older messages come by history. A message that was recalled, expired, deleted for the user or
// cleared never comes back when an older change is applied.
import type { ConversationChange } from "../../actors/conversation/contract.ts";
import type { SyncChange, SyncedItem, SyncResult, VisibleMessage } from "../../actors/reading/contract.ts";
import type { Vector } from "../../actors/session/contract.ts";
import type { ConversationId, UserId } from "../../actors/shared/ids.ts";
import type { ListEntry } from "../../actors/user/contract.ts";

interface DeviceConversation {
  version: number;
  seq: number;
  countSeq: number;
  /** As the server last said. */
  unreadCount: number;
  readSeq: number;
  messages: Map<number, VisibleMessage>;
  /** The other side's read mark. */
  otherReadSeq: number;
  isDisbanded: boolean;
}

export class DeviceModel {
  readonly userId: UserId;
  cursor = 0;
  storeId: string | undefined;
  userVersion = 0;
  readonly items = new Map<string, SyncedItem>();
  readonly conversations = new Map<ConversationId, DeviceConversation>();

  constructor(userId: UserId) {
    this.userId = userId;
  }

  vector(): Vector {
    const conversations = Object.fromEntries([...this.conversations].map(([id, { version }]) => [id, version]));
    return { userVersion: this.userVersion, conversations };
  }

  apply(result: Pick<SyncResult, "changes" | "cursor" | "full" | "storeId">): void {
    if (result.full) {
      this.items.clear();
      this.conversations.clear();
      this.userVersion = 0;
    }
    for (const change of result.changes) this.applyChange(change);
    this.cursor = result.cursor;
    this.storeId = result.storeId;
  }

  applyChange(change: SyncChange): void {
    if (change.type === "conversation_left") this.conversations.delete(change.conversationId);
    else if (change.type === "user") this.#applyUser(change);
    else this.#applyConversation(change);
  }

  /** A page of history: only what the run does not hold yet counts, in any order. */
  applyHistory(conversationId: ConversationId, messages: readonly VisibleMessage[]): void {
    const held = this.conversations.get(conversationId);
    for (const message of messages)
      if (held && !held.messages.has(message.seq)) held.messages.set(message.seq, message);
  }

  /** The start of the next older page. Undefined when the device holds the first message. */
  olderThan(conversationId: ConversationId): number | undefined {
    const held = this.conversations.get(conversationId);
    const lowest = held && Math.min(...held.messages.keys());
    if (lowest === undefined || lowest === 1) return undefined;
    return Number.isFinite(lowest) ? lowest - 1 : 0;
  }

  /** What the user sees, as plain data: two devices of a user that are up to date have equal ones. */
  state(nowMs: number): unknown {
    const items = [...this.items.values()].sort((a, b) => (`${a.type}/${a.id}` < `${b.type}/${b.id}` ? -1 : 1));
    const conversations = [...this.conversations].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      userVersion: this.userVersion,
      items,
      conversations: conversations.map(([id, held]) => ({ id, ...this.#seen(id, held, nowMs) })),
    };
  }

  #seen(id: ConversationId, held: DeviceConversation, nowMs: number) {
    const messages = [...held.messages.values()].sort((a, b) => a.seq - b.seq);
    return {
      version: held.version,
      seq: held.seq,
      unread: this.unread(id, nowMs),
      messages: messages.map((message) => {
        const isOver = message.expireAtMs !== undefined && message.expireAtMs <= nowMs && message.status !== "recalled";
        return {
          seq: message.seq,
          messageId: message.messageId,
          status: isOver ? "expired" : message.status,
          content: isOver ? null : message.content,
          ...(message.senderId === this.userId &&
            id.startsWith("s_") && {
              isRead: message.viewStatus === "read" || message.seq <= held.otherReadSeq,
            }),
        };
      }),
    };
  }

  /** The unread count that the device shows: messages above its marks, except expired, recalled and deleted ones. */
  unread(id: ConversationId, nowMs: number): number {
    const held = this.conversations.get(id)!;
    const entry = this.#entry(id);
    const seenSeq = Math.max(held.readSeq, entry?.readSeq ?? 0, entry?.clearedSeq ?? 0);
    const uncounted = new Set<number>();
    for (const [seq, { status, expireAtMs }] of held.messages) {
      const isOver = status === "recalled" || status === "expired" || (expireAtMs !== undefined && expireAtMs <= nowMs);
      if (isOver && seq > seenSeq) uncounted.add(seq);
    }
    const deleted = this.items.get(`deleted/${id}`);
    if (deleted?.type === "deleted") {
      for (const { seq } of deleted.messages) if (seq > seenSeq && seq <= held.seq) uncounted.add(seq);
    }
    return held.seq - seenSeq - uncounted.size;
  }

  #entry(id: ConversationId): ListEntry | undefined {
    const item = this.items.get(`conversation/${id}`);
    return item?.type === "conversation" ? item : undefined;
  }

  #applyUser(change: Extract<SyncChange, { type: "user" }>): void {
    if (change.full) this.items.clear();
    for (const item of change.items) {
      const key = `${item.type}/${item.id}`;
      if (item.deleted) this.items.delete(key);
      else this.items.set(key, item);
      if (item.type === "conversation" && !item.deleted) this.#forget(item.id, (seq) => seq <= item.clearedSeq);
      if (item.type === "deleted" && !item.deleted) {
        const seqs = new Set(item.messages.map(({ seq }) => seq));
        this.#forget(item.id, (seq) => seqs.has(seq));
      }
    }
    this.userVersion = change.version;
  }

  #forget(conversationId: ConversationId, isGone: (seq: number) => boolean): void {
    const messages = this.conversations.get(conversationId)?.messages;
    for (const seq of [...(messages?.keys() ?? [])]) if (isGone(seq)) messages!.delete(seq);
  }

  #applyConversation(change: Extract<SyncChange, { type: "conversation" }>): void {
    const before = change.full ? undefined : this.conversations.get(change.conversationId);
    const held = before ?? { ...emptyConversation, messages: new Map() };
    held.version = change.version;
    held.seq = change.seq;
    held.countSeq = change.countSeq;
    held.readSeq = change.readSeq;
    held.unreadCount = change.unreadCount;
    held.otherReadSeq = Math.max(held.otherReadSeq, change.otherReadSeq ?? 0);
    for (const message of change.messages) {
      held.messages.set(message.seq, message);
      // Sending also marks as read: the sender of a message has read the messages before it.
      if (message.senderId !== this.userId) held.otherReadSeq = Math.max(held.otherReadSeq, message.seq);
    }
    for (const { change: each } of change.changes) applyTo(held, each, this.userId);
    this.conversations.set(change.conversationId, held);
  }
}

const emptyConversation = {
  version: 0,
  seq: 0,
  countSeq: 0,
  unreadCount: 0,
  readSeq: 0,
  otherReadSeq: 0,
  isDisbanded: false,
};

/** Applies a change. A recalled or deleted message does not come back. */
function applyTo(held: DeviceConversation, change: ConversationChange, userId: UserId): void {
  if (change.type === "read" && change.userId !== userId) held.otherReadSeq = Math.max(held.otherReadSeq, change.seq);
  if (change.type === "disbanded") held.isDisbanded = true;
  if (!("messageId" in change)) return;
  const message = held.messages.get(change.seq);
  if (!message || message.status === "recalled") return;
  // A message may be expired by time alone: an earlier recall still applies to it, an edit does not.
  if (message.status === "expired" && change.type === "edited") return;
  if (change.type === "superseded") return;
  if (change.type === "pinned") held.messages.set(change.seq, { ...message, isPinned: change.on });
  else if (change.type === "reacted") {
    const reactions = change.reactions.map(({ emoji, count, userIds: by }) => ({
      emoji,
      count,
      mine: by.includes(userId),
    }));
    held.messages.set(change.seq, { ...message, reactions });
  } else if (change.type !== "edited") {
    held.messages.set(change.seq, { ...message, status: change.type, content: null, isPinned: false, reactions: [] });
  } else {
    const { content, atMs } = change;
    held.messages.set(change.seq, { ...message, status: "edited", content, editedAtMs: atMs });
  }
}
