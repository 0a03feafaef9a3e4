// What a device holds of one conversation, from frames and answers to SYNC.
// What was taken away (recalled, expired, deleted for this user) does not come back by an older frame or answer.
import { cutText } from "../../../actors/shared/cut-text.ts";
import { parseConversationId } from "../../../actors/shared/ids.ts";
import { maxPreviewUnits } from "../../../actors/shared/limits.ts";
import { Watermark } from "../../../actors/shared/watermark.ts";
import type { ClientLimits } from "../base/limits.ts";
import type {
  ConversationChange,
  ConversationEvent,
  ConversationType,
  ListItem,
  Message,
  Quote,
} from "../base/wire.ts";
import { Unread } from "./unread.ts";

type Limits = Pick<ClientLimits, "maxMessagesHeld" | "maxAhead" | "maxUncounted">;

/** `isNew`: the message was not seen before. `conflict`: another message has its seq; no server should say that. */
interface Taken {
  readonly isNew: boolean;
  readonly conflict: string | undefined;
}

/** An edit, a pin or reactions of this version or an older one do not change the message any more. */
interface HeldMessage extends Message {
  readonly editVersion?: number;
  readonly pinVersion?: number;
  readonly reactionVersion?: number;
}

export class HeldConversation {
  readonly id: string;
  readonly type: ConversationType;
  /** Messages seen. */
  readonly seqs: Watermark;
  /** Events applied. All up to `versions.upTo`; the server fills the rest. */
  readonly versions: Watermark;
  /** By seq. */
  readonly messages = new Map<number, HeldMessage>();
  /** Older messages are not held: they are history, to be fetched when they are wanted. */
  floorSeq = 1;
  /** Of the newest message known. */
  seq = 0;
  /** This user's read mark. */
  readSeq = 0;
  #unread: Unread;
  readonly #limits: Limits;

  constructor(id: string, limits: Limits) {
    this.id = id;
    this.type = parseConversationId(id)?.type ?? "single";
    this.#limits = limits;
    this.seqs = new Watermark(0, limits.maxAhead);
    this.versions = new Watermark(0, limits.maxAhead);
    this.#unread = new Unread(limits.maxUncounted);
  }

  get unreadCount(): number {
    return this.#unread.count;
  }

  get mentionCount(): number {
    return this.#unread.mentionCount;
  }

  /** Everything up to here counts as held, though its messages are not. */
  adopt({ seq, version, unreadCount }: { seq: number; version: number; unreadCount: number }): void {
    this.seqs.raise(seq);
    this.versions.raise(version);
    this.seq = Math.max(this.seq, seq);
    this.floorSeq = Math.max(this.floorSeq, seq + 1);
    this.#unread.answer(unreadCount);
  }

  /** A message in the state in which the server sent it: first, again, or with what happened to it meanwhile. */
  take(message: Message, isOwn: boolean): Taken {
    const { seq, messageId } = message;
    const known = this.messages.get(seq);
    const conflict =
      known && known.messageId !== messageId ? `${this.id} ${seq}: ${known.messageId}, then ${messageId}` : undefined;
    const isNew = !known && this.seqs.add(seq);
    if (isNew || (known && isLater(message, known))) this.#put(message);
    this.seq = Math.max(this.seq, seq);
    if (isNew) this.#count(message, isOwn);
    if (isNew && !isOwn) this.#mentionAll(message);
    this.versions.add(message.version);
    return { isNew, conflict };
  }

  /** A versioned event; false when it was applied before. */
  happen(event: ConversationEvent, userId: string): boolean {
    if (!this.versions.add(event.version)) return false;
    this.#change(event, userId);
    return true;
  }

  /**
   * The answer to SYNC for this conversation; returns its messages that were not seen before. `own`: the user's list items
   * of the conversation.
   */
  sync(change: ConversationChange, userId: string, own: readonly ListItem[], atMs: number): Message[] {
    const news = change.messages.filter(({ seq }) => !this.seqs.has(seq) && !this.messages.has(seq));
    if (change.full) {
      this.messages.clear();
      this.floorSeq = change.messages[0]?.seq ?? change.seq + 1;
      // After leaving and joining again the mark may be lower than before.
      this.readSeq = 0;
      this.#unread = new Unread(this.#limits.maxUncounted);
    }
    for (const message of change.messages) this.#put(message);
    for (const event of change.changes) this.#change(event, userId);
    this.versions.raise(change.version);
    this.seqs.raise(change.seq);
    this.seq = Math.max(this.seq, change.seq);
    this.read(change.readSeq ?? 0);
    for (const item of own) this.takeItem(item);
    for (const message of change.messages) if (message.senderId !== userId) this.#mentionAll(message);
    // The server's count leaves out all of these, so a later event about one of them must not lower the count again.
    for (const message of [...change.messages, ...this.messages.values()]) {
      if (isGone(message) || (message.expireAt ?? Number.POSITIVE_INFINITY) <= atMs) this.#leaveOut(message.seq);
    }
    if (change.unreadCount !== undefined) this.#unread.answer(change.unreadCount);
    return news;
  }

  /** The user's own entry of the conversation, or the messages deleted for this user. */
  takeItem({ type, clearedSeq = 0, readSeq = 0, mentionSeqs = [], messages = [] }: ListItem): void {
    if (type === "deleted") this.deleteMessages(messages.map(({ seq }) => seq));
    if (type !== "conversation") return;
    this.clear(clearedSeq);
    this.read(readSeq);
    for (const seq of mentionSeqs) this.mention(seq);
  }

  /** A page of history; returns its messages that were not seen before. */
  takeHistory(messages: readonly Message[]): Message[] {
    const sorted = messages.toSorted((a, b) => a.seq - b.seq);
    return sorted.filter((message) => {
      const isNew = this.seqs.add(message.seq);
      if (isNew) this.#put(message);
      this.seq = Math.max(this.seq, message.seq);
      return isNew;
    });
  }

  /** Deleted for this user. */
  deleteMessages(seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.messages.delete(seq);
      this.#leaveOut(seq);
    }
  }

  /** The user cleared the conversation up to here. */
  clear(upToSeq: number): void {
    this.#remove((seq) => seq <= upToSeq);
    this.#unread.see(upToSeq, this.seq);
  }

  forgetBelow(seq: number): void {
    this.floorSeq = Math.max(this.floorSeq, seq);
    this.#remove((each) => each < seq);
  }

  read(seq: number): void {
    this.readSeq = Math.max(this.readSeq, seq);
    this.#unread.see(seq, this.seq);
  }

  mention(seq: number): void {
    this.#unread.mention(seq);
  }

  /** No list of a user names these mentions: the message itself says so. */
  #mentionAll({ seq, mentions }: Message): void {
    if (this.type === "group" && mentions?.includes("all")) this.mention(seq);
  }

  #remove(matches: (seq: number) => boolean): void {
    for (const seq of this.messages.keys()) if (matches(seq)) this.messages.delete(seq);
  }

  /** Sending moves one's own mark. A message of the system counts in its own conversation only. */
  #count(message: Message, isOwn: boolean): void {
    const { seq, contentType } = message;
    if (isOwn) this.read(seq);
    else if (isGone(message) || (contentType === "system" && this.type !== "system")) this.#unread.leaveOut(seq, false);
    else this.#unread.arrive(seq);
  }

  #leaveOut(seq: number): void {
    this.#unread.leaveOut(seq, this.seqs.has(seq));
  }

  #put(message: Message): void {
    if (message.seq < this.floorSeq) return;
    const isEdited = message.editedAt !== undefined;
    this.messages.set(message.seq, isEdited ? { ...message, editVersion: this.versions.upTo } : message);
    if (this.messages.size <= this.#limits.maxMessagesHeld) return;
    while (!this.messages.delete(this.floorSeq)) this.floorSeq += 1;
    this.floorSeq += 1;
  }

  #change(event: ConversationEvent, userId: string): void {
    if (event.type === "read" && event.userId === userId) this.read(event.seq ?? 0);
    // A newer version of the answer is held in its place.
    if (event.type === "superseded") this.deleteMessages([event.seq ?? 0]);
    const message = this.#find(event);
    const isEnd = event.type === "recalled" || event.type === "expired";
    const seq = message?.seq ?? event.seq;
    if (isEnd || event.type === "edited") this.#changeQuotes(event);
    if (isEnd && seq !== undefined) this.#leaveOut(seq);
    if (!message || message.status === "recalled") return;
    if (isEnd) {
      const end = { status: event.type as "recalled" | "expired", content: null };
      const { quote: _, ...rest } = message;
      this.messages.set(message.seq, { ...rest, ...end, isPinned: false, reactions: [] });
    } else if (event.type === "edited" && message.status !== "expired") {
      const { content, timestamp, version } = event;
      // Versions order edits. Times do not: the server's clock may go back.
      if (version > (message.editVersion ?? 0))
        this.messages.set(message.seq, { ...message, content, editedAt: timestamp ?? 0, editVersion: version });
    } else this.#mark(message, event, userId);
  }

  /** What users add to a message, beside its content. */
  #mark(message: HeldMessage, { type, version, on, reactions }: ConversationEvent, userId: string): void {
    if (type === "pinned" && version > (message.pinVersion ?? 0)) {
      this.messages.set(message.seq, { ...message, isPinned: on === true, pinVersion: version });
    }
    if (type !== "reacted" || reactions === undefined || version <= (message.reactionVersion ?? 0)) return;
    const mine = new Set(message.reactions?.flatMap((known) => (known.mine ? [known.emoji] : [])));
    const shown = reactions.map(({ emoji, count, userIds }) => {
      // Of many users only the first are named.
      const isMine = userIds.includes(userId) || (count > userIds.length && mine.has(emoji));
      return { emoji, count, mine: isMine };
    });
    this.messages.set(message.seq, { ...message, reactions: shown, reactionVersion: version });
  }

  /** The server sends no change for a message that quotes the changed one. */
  #changeQuotes({ messageId, ...event }: ConversationEvent): void {
    for (const [seq, message] of this.messages) {
      const { quote } = message;
      if (messageId === undefined || quote?.messageId !== messageId || quote.status !== undefined) continue;
      this.messages.set(seq, { ...message, quote: quoteAfter(event, quote) });
    }
  }

  /** `seq` is the message's in most events; its id decides. */
  #find({ messageId, seq }: ConversationEvent): HeldMessage | undefined {
    if (messageId === undefined) return undefined;
    const there = this.messages.get(seq ?? 0);
    if (there?.messageId === messageId) return there;
    for (const message of this.messages.values()) if (message.messageId === messageId) return message;
    return undefined;
  }
}

/** Only texts are edited. */
function quoteAfter({ type, content }: Pick<ConversationEvent, "type" | "content">, quote: Quote): Quote {
  if (type === "recalled" || type === "expired") return { ...quote, content: "", status: type };
  const text = typeof content === "string" ? content : (content as { text?: unknown } | null)?.text;
  return { ...quote, content: typeof text === "string" ? cutText(text, maxPreviewUnits) : "" };
}

function isGone({ status }: Message): boolean {
  return status === "recalled" || status === "expired";
}

function editedAtOf({ editedAt = 0 }: Message): number {
  return editedAt;
}

/** The same message again may be older than what came in between. */
function isLater(message: Message, known: Message): boolean {
  if (known.status === "recalled") return false;
  return isGone(message) || (!isGone(known) && editedAtOf(message) > editedAtOf(known));
}
