// What a device holds of its conversations, from frames and sync alone.

export interface HeldConversation {
  /** Everything up to here was seen: an ack of one's own send may overtake the news of others. */
  version: number;
  ahead: Set<number>;
  /** The device was told to drop what is older. */
  floorSeq: number;
  messages: Map<number, HeldMessage>;
}
export interface HeldMessage {
  messageId: string;
  clientMsgId: string | undefined;
  text: string;
  status: "normal" | "recalled";
  editedAt: number;
}
export interface WireMessage {
  messageId: string;
  clientMsgId?: string;
  seq: number;
  version: number;
  content: unknown;
  status?: string;
  editedAt?: number;
}

export class Holding {
  readonly conversations = new Map<string, HeldConversation>();
  /** What no server should say: two messages with one seq, for one. */
  readonly contradictions: string[] = [];
  /** How often a sync told it to drop what it had. */
  fulls = 0;

  vector(): Record<string, number> {
    return Object.fromEntries([...this.conversations].map(([id, { version }]) => [id, version]));
  }

  newestSeq(conversationId: string): number {
    const held = this.conversations.get(conversationId);
    return held ? Math.max(0, ...held.messages.keys()) : 0;
  }

  message(conversationId: string, message: WireMessage): void {
    const held = this.#conversation(conversationId);
    const known = held.messages.get(message.seq);
    if (known && known.messageId !== message.messageId) {
      this.contradictions.push(`${conversationId} ${message.seq}: ${known.messageId}, then ${message.messageId}`);
    }
    const fresh = heldOf(message);
    // A message brought again may be older news than what came in between, or newer.
    const isNews = known?.status !== "recalled" && fresh.editedAt > (known?.editedAt ?? -1);
    if (fresh.status === "recalled" || isNews) held.messages.set(message.seq, fresh);
    raise(held, message.version);
  }

  patch(data: Record<string, unknown>, patch: Partial<HeldMessage>): void {
    const held = this.#conversation(String(data.sessionId));
    const version = Number(data.version);
    for (const [seq, message] of held.messages) {
      const isNews = version > held.version && !held.ahead.has(version);
      if (message.messageId === data.messageId && isNews) held.messages.set(seq, { ...message, ...patch });
    }
    raise(held, version);
  }

  raise(conversationId: string, version: number): void {
    raise(this.#conversation(conversationId), version);
  }

  /** One change of an answer to SYNC. */
  change(change: Record<string, unknown>): void {
    const conversationId = String(change.sessionId);
    if (change.type === "conversation_left") this.conversations.delete(conversationId);
    if (change.type !== "conversation") return;
    if (change.full && this.conversations.delete(conversationId)) this.fulls += 1;
    const held = this.#conversation(conversationId);
    const messages = change.messages as WireMessage[];
    for (const message of messages) held.messages.set(message.seq, heldOf(message));
    if (change.full) held.floorSeq = messages[0]?.seq ?? Number(change.seq) + 1;
    for (const each of change.changes as Record<string, unknown>[]) {
      const message = held.messages.get(Number(each.seq));
      if (!message || message.messageId !== each.messageId) continue;
      if (each.type === "recalled") Object.assign(message, { status: "recalled", text: "" });
      else if (each.type === "edited" && message.status !== "recalled") {
        // With its time: news that waited for this answer may hold an older edit.
        Object.assign(message, { text: textOf(each.content), editedAt: Number(each.timestamp ?? 0) });
      }
    }
    held.version = Number(change.version);
    for (const version of held.ahead) if (version <= held.version) held.ahead.delete(version);
    raise(held, held.version);
  }

  left(conversationId: string): void {
    this.conversations.delete(conversationId);
  }

  /** What is older was judged: it is held no more, and its place is not asked for. */
  forgetBelow(conversationId: string, seq: number): void {
    const held = this.conversations.get(conversationId);
    if (!held) return;
    held.floorSeq = Math.max(held.floorSeq, seq);
    for (const each of held.messages.keys()) if (each < seq) held.messages.delete(each);
  }

  #conversation(conversationId: string): HeldConversation {
    let held = this.conversations.get(conversationId);
    if (!held) {
      held = { version: 0, ahead: new Set(), floorSeq: 1, messages: new Map() };
      this.conversations.set(conversationId, held);
    }
    return held;
  }
}

function heldOf({ messageId, clientMsgId, content, status, editedAt = 0 }: WireMessage): HeldMessage {
  const isRecalled = status === "recalled";
  const text = isRecalled ? "" : textOf(content);
  return { messageId, clientMsgId, text, status: isRecalled ? "recalled" : "normal", editedAt };
}

function raise(held: HeldConversation, version: number): void {
  if (version > held.version) held.ahead.add(version);
  while (held.ahead.delete(held.version + 1)) held.version += 1;
}

export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return typeof content === "object" && content !== null && "text" in content ? String(content.text) : "";
}
