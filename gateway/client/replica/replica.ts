// What a device holds: conversations by version, and the user's lists. Fed with frames and answers to SYNC, a replica holds
// what a fresh device would get.
import { BoundedMap } from "../../../actors/shared/bounded-map.ts";
import type { ClientLimits } from "../base/limits.ts";
import type {
  Change,
  ConversationEvent,
  ListItem,
  Message,
  OutgoingMessage,
  SendReceipt,
  ServerFrame,
  SyncResult,
  Vector,
} from "../base/wire.ts";
import { HeldConversation } from "./conversation.ts";
import { Lists } from "./lists.ts";

export interface ReplicaEvents {
  /** Messages that were not seen before, by seq. `isLive`: from a frame; else from SYNC. `isFirst`: nothing was held. */
  messages?(conversation: HeldConversation, messages: readonly Message[], how: Arrival): void;
  /** An edit, a recall, a read mark, a member … `type` as in SYNC: "edited", "recalled", "read". */
  changed?(conversation: HeldConversation, event: ConversationEvent): void;
  /** The user left, was removed, or deleted the conversation: it is not held any more. */
  left?(conversation: HeldConversation): void;
  /** The user's own lists changed, and are held in their new state. */
  lists?(items: readonly ListItem[]): void;
  /** `full: true`: what was held is dropped, of one conversation or (undefined) of all. */
  replaced?(conversation: HeldConversation | undefined): void;
  /** A version is missing, and a later one was applied. */
  gap?(conversation: HeldConversation): void;
  /** Two messages with one seq: no server should say that. */
  conflict?(description: string): void;
}
export interface Arrival {
  readonly isLive: boolean;
  readonly isFirst: boolean;
}

type Limits = Pick<ClientLimits, "maxConversations" | "maxMessagesHeld" | "maxAhead" | "maxUncounted">;

const eventFrames: Readonly<Record<string, string>> = {
  MESSAGE_EDITED: "edited",
  MESSAGE_RECALLED: "recalled",
  MESSAGE_EXPIRED: "expired",
  MESSAGE_READ: "read",
  MESSAGE_PINNED: "pinned",
  REACTION_UPDATED: "reacted",
};
/** Notifications after which the device holds nothing of the conversation. A hidden entry of the list is none of them. */
const leavings: ReadonlySet<unknown> = new Set(["conversation_left", "session.deleted", "group.removed"]);

type FrameData = Readonly<Record<string, unknown>>;

/** Changes of what this user alone sees, made on another device, or by a mention. They carry no version of the conversation. */
const ownChanges: Readonly<Record<string, (held: HeldConversation, data: FrameData) => void>> = {
  "session.unread_updated": (held, { readSeq }) => held.read(seqOf(readSeq)),
  "message.mentioned": (held, { seq }) => held.mention(seqOf(seq)),
  "message.deleted"(held, { seqs, clearedSeq }) {
    held.clear(seqOf(clearedSeq));
    held.deleteMessages(Array.isArray(seqs) ? seqs.map(seqOf) : []);
  },
};

export class Replica {
  readonly lists = new Lists();
  /** Of the data that is held; undefined before the first SYNC. */
  storeId: string | undefined;
  userId = "";
  readonly #events: ReplicaEvents;
  readonly #limits: Limits;
  #conversations: BoundedMap<string, HeldConversation>;

  constructor(limits: Limits, events: ReplicaEvents = {}) {
    this.#limits = limits;
    this.#events = events;
    this.#conversations = new BoundedMap(limits.maxConversations);
  }

  get conversations(): ReadonlyMap<string, HeldConversation> {
    return this.#conversations;
  }

  find(conversationId: string): HeldConversation | undefined {
    return this.#conversations.get(conversationId);
  }

  /** Held from now on, if it was not. */
  open(conversationId: string): HeldConversation {
    const known = this.#conversations.get(conversationId);
    if (known) return known;
    const made = new HeldConversation(conversationId, this.#limits);
    this.#conversations.set(conversationId, made);
    return made;
  }

  vector(): Vector {
    const vector = Object.fromEntries([...this.#conversations].map(([id, { versions }]) => [id, versions.upTo]));
    return { vector, userVersion: this.lists.version, storeId: this.storeId };
  }

  /** Whether a frame changes what is held, and so must wait for a SYNC that is under way. */
  concerns({ type, data }: ServerFrame): boolean {
    if (type === "SEND_ACK" || typeof data?.sessionId !== "string") return false;
    return typeof data.version === "number" || ownChangeOf(data) !== undefined || isLeaving(data);
  }

  /** A frame that `concerns` the replica. */
  take(frame: ServerFrame): void {
    const { type, data = {} } = frame;
    const sessionId = String(data.sessionId);
    const ownChange = ownChangeOf(data);
    if (isLeaving(data)) this.#leave(sessionId);
    else if (type === "NEW_MESSAGE") this.#takeMessage(data as unknown as Message);
    else if (ownChange) {
      // A mention may come before its message, which may be the first.
      const held = data.type === "message.mentioned" ? this.open(sessionId) : this.find(sessionId);
      if (held) ownChange(held, data);
    } else
      this.#happen(this.#renew(sessionId), {
        timestamp: frame.timestamp,
        ...data,
        type: eventTypeOf(frame),
      } as ConversationEvent);
  }

  /** An own message that was acknowledged: this device gets no NEW_MESSAGE for it. */
  takeOwn(message: Message): void {
    this.#takeMessage({ ...message, senderId: this.userId });
  }

  /** One page of an answer to SYNC; `atMs`: the server's time of it. */
  sync({ changes, full, storeId }: SyncResult, atMs = 0): void {
    if (full) {
      this.#conversations.clear();
      this.lists.clear();
      this.#events.replaced?.(undefined);
    }
    for (const change of changes) this.#apply(change, atMs);
    this.storeId = storeId;
  }

  read(conversationId: string, seq: number): void {
    this.find(conversationId)?.read(seq);
  }

  /** The held data belongs to another user, or to a server whose data is gone. */
  clear(): void {
    this.#conversations.clear();
    this.lists.clear();
    this.storeId = undefined;
  }

  /** The conversation that changed last is dropped last. */
  #renew(conversationId: string): HeldConversation {
    const conversation = this.open(conversationId);
    this.#conversations.renew(conversationId, conversation);
    return conversation;
  }

  #apply(change: Change, atMs: number): void {
    if (change.type === "user") {
      this.lists.apply(change);
      for (const item of change.items) if (!item.deleted) this.find(item.id)?.takeItem(item);
      this.#events.lists?.(change.items);
    } else if (change.type === "conversation_left") this.#leave(change.sessionId);
    else if (change.type === "conversation") {
      const isFirst = change.fromVersion === 0;
      if (change.full && this.find(change.sessionId)) this.#events.replaced?.(this.find(change.sessionId));
      const conversation = this.#renew(change.sessionId);
      const unseen = change.changes.filter(({ version }) => !conversation.versions.has(version));
      const own = ["conversation", "deleted"].flatMap((type) => this.lists.find(type, change.sessionId) ?? []);
      const news = conversation.sync(change, this.userId, own, atMs);
      if (news.length > 0) this.#events.messages?.(conversation, news, { isLive: false, isFirst });
      for (const event of unseen) this.#events.changed?.(conversation, event);
    }
  }

  #takeMessage(message: Message): void {
    const conversation = this.#renew(message.sessionId);
    const isFirst = conversation.seq === 0;
    const { isNew, conflict } = conversation.take(message, message.senderId === this.userId);
    if (conflict !== undefined) this.#events.conflict?.(conflict);
    if (isNew) this.#events.messages?.(conversation, [message], { isLive: true, isFirst });
    if (conversation.versions.hasHole) this.#events.gap?.(conversation);
  }

  #happen(conversation: HeldConversation, event: ConversationEvent): void {
    if (conversation.happen(event, this.userId)) this.#events.changed?.(conversation, event);
    if (conversation.versions.hasHole) this.#events.gap?.(conversation);
  }

  #leave(conversationId: string): void {
    const conversation = this.find(conversationId);
    this.#conversations.delete(conversationId);
    if (conversation) this.#events.left?.(conversation);
  }
}

/** As the server would push it to another device of the sender. */
export function ownMessageOf(receipt: SendReceipt, message: OutgoingMessage) {
  const { receiverId: _, groupId: __, sessionId: ___, ...sent } = message;
  const { msgId: clientMsgId, messageId, sessionId, seq, version, timestamp } = receipt;
  return { messageId, clientMsgId, sessionId, seq, version, timestamp, senderId: "", ...sent };
}

function isLeaving({ type, reason }: FrameData): boolean {
  return leavings.has(type) && reason !== "hidden";
}

function ownChangeOf({ type }: FrameData): ((held: HeldConversation, data: FrameData) => void) | undefined {
  return typeof type === "string" && Object.hasOwn(ownChanges, type) ? ownChanges[type] : undefined;
}

function seqOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function eventTypeOf({ type, data }: ServerFrame): string {
  return eventFrames[type] ?? String(data?.change ?? data?.type ?? type);
}
