// What a device holds of one conversation, from frames and answers to SYNC.
// What was taken away (recalled, expired, deleted for this user) does not come back by an older frame or answer.
import { parseConversationId } from "../../../actors/shared/ids.ts";
import { Watermark } from "../../../actors/shared/watermark.ts";
import type { ClientLimits } from "../base/limits.ts";
import type { ConversationChange, ConversationEvent, ConversationType, Message } from "../base/wire.ts";

type Limits = Pick<ClientLimits, "maxMessagesHeld" | "maxAhead">;

/** `isNew`: the message was not seen before. `conflict`: another message has its seq; no server should say that. */
interface Taken {
  readonly isNew: boolean;
  readonly conflict: string | undefined;
}

export class HeldConversation {
  readonly id: string;
  readonly type: ConversationType;
  /** Messages seen. */
  readonly seqs: Watermark;
  /** Events applied. All up to `versions.upTo`; the server fills the rest. */
  readonly versions: Watermark;
  /** By seq. */
  readonly messages = new Map<number, Message>();
  /** Older messages are not held: they are history, to be fetched when they are wanted. */
  floorSeq = 1;
  /** Of the newest message known. */
  seq = 0;
  /** This user's read mark. */
  readSeq = 0;
  /** As the server last said, and the messages of others since. */
  unreadCount = 0;
  readonly #limits: Limits;

  constructor(id: string, limits: Limits) {
    this.id = id;
    this.type = parseConversationId(id)?.type ?? "single";
    this.#limits = limits;
    this.seqs = new Watermark(0, limits.maxAhead);
    this.versions = new Watermark(0, limits.maxAhead);
  }

  /** Everything up to here counts as held, though its messages are not. */
  adopt({ seq, version, unreadCount }: { seq: number; version: number; unreadCount: number }): void {
    this.seqs.raise(seq);
    this.versions.raise(version);
    this.seq = Math.max(this.seq, seq);
    this.floorSeq = Math.max(this.floorSeq, seq + 1);
    this.unreadCount = unreadCount;
  }

  /** A message in the state in which the server sent it: first, again, or with what happened to it meanwhile. */
  take(message: Message, isOwn: boolean): Taken {
    const { seq, messageId } = message;
    const known = this.messages.get(seq);
    const conflict =
      known && known.messageId !== messageId ? `${this.id} ${seq}: ${known.messageId}, then ${messageId}` : undefined;
    const isNew = !known && this.seqs.add(seq);
    if (isNew || (known && isLater(message, known))) this.#put(message);
    if (isNew && !isOwn) this.unreadCount += 1;
    this.seq = Math.max(this.seq, seq);
    this.versions.add(message.version);
    return { isNew, conflict };
  }

  /** A versioned event; false when it was applied before. */
  happen(event: ConversationEvent, userId: string): boolean {
    if (!this.versions.add(event.version)) return false;
    this.#change(event, userId);
    return true;
  }

  /** The answer to SYNC for this conversation; returns its messages that were not seen before. */
  sync(change: ConversationChange, userId: string): Message[] {
    const news = change.messages.filter(({ seq }) => !this.seqs.has(seq) && !this.messages.has(seq));
    if (change.full) {
      this.messages.clear();
      this.floorSeq = change.messages[0]?.seq ?? change.seq + 1;
    }
    for (const message of change.messages) this.#put(message);
    for (const event of change.changes) this.#change(event, userId);
    this.versions.raise(change.version);
    this.seqs.raise(change.seq);
    this.seq = Math.max(this.seq, change.seq);
    this.readSeq = Math.max(this.readSeq, change.readSeq ?? 0);
    this.unreadCount = change.unreadCount ?? this.unreadCount;
    return news;
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

  /** Messages are gone for this user: deleted, or older than the mark up to which the conversation was cleared. */
  remove(matches: (message: Message) => boolean): void {
    for (const [seq, message] of this.messages) if (matches(message)) this.messages.delete(seq);
  }

  forgetBelow(seq: number): void {
    this.floorSeq = Math.max(this.floorSeq, seq);
    this.remove((message) => message.seq < seq);
  }

  read(seq: number): void {
    if (seq <= this.readSeq) return;
    this.readSeq = seq;
    this.unreadCount = Math.min(this.unreadCount, Math.max(0, this.seq - seq));
  }

  #put(message: Message): void {
    if (message.seq < this.floorSeq) return;
    this.messages.set(message.seq, message);
    if (this.messages.size <= this.#limits.maxMessagesHeld) return;
    while (!this.messages.delete(this.floorSeq)) this.floorSeq += 1;
    this.floorSeq += 1;
  }

  #change(event: ConversationEvent, userId: string): void {
    if (event.type === "read" && event.userId === userId) this.read(event.seq ?? 0);
    const message = this.#find(event);
    if (!message || message.status === "recalled") return;
    if (event.type === "recalled" || event.type === "expired") {
      this.messages.set(message.seq, { ...message, status: event.type, content: null });
    } else if (event.type === "edited" && message.status !== "expired") {
      const { content, timestamp = 0 } = event;
      if (timestamp >= editedAtOf(message))
        this.messages.set(message.seq, { ...message, content, editedAt: timestamp });
    }
  }

  /** `seq` is the message's in most events; its id decides. */
  #find({ messageId, seq }: ConversationEvent): Message | undefined {
    if (messageId === undefined) return undefined;
    const there = this.messages.get(seq ?? 0);
    if (there?.messageId === messageId) return there;
    for (const message of this.messages.values()) if (message.messageId === messageId) return message;
    return undefined;
  }
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
