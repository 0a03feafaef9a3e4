// A device in the crash test: it sends, retries with the same msgId after every cut, and notes what it was told.
import { WebSocket } from "ws";

/** What a device holds of a conversation, from frames and sync alone. */
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
export interface Sent {
  conversationId: string;
  msgId: string;
  text: string;
}
export interface Acked {
  msgId: string;
  conversationId: string;
  messageId: string;
  seq: number;
}
interface Frame {
  type: string;
  msgId?: string;
  code?: number;
  data?: Record<string, unknown>;
}
interface WireMessage {
  messageId: string;
  clientMsgId?: string;
  seq: number;
  version: number;
  content: unknown;
  status?: string;
  editedAt?: number;
}

const reconnectPauseMs = 50;
const resendPauseMs = 200;
const answerTimeoutMs = 20_000;

export class Device {
  readonly name: string;
  readonly userId: string;
  readonly held = new Map<string, HeldConversation>();
  readonly sent: Sent[] = [];
  readonly acked: Acked[] = [];
  /** Frames that no server should send: two messages with one seq, for one. */
  readonly contradictions: string[] = [];
  /** Sends answered with an error, to be tried again. */
  readonly refusals: string[] = [];
  #url: string;
  #socket: WebSocket | undefined;
  #pending = new Map<string, Sent>();
  #waiting = new Map<string, (frame: Frame) => void>();
  #isOpen = false;
  #isStopped = false;
  #counter = 0;
  #storeId = "";
  #isSyncing = false;
  #news: Frame[] = [];
  #ackTimer: NodeJS.Timeout;
  #toAck = new Map<string, number>();

  constructor(name: string, userId: string, url: string) {
    this.name = name;
    this.userId = userId;
    this.#url = url;
    this.#ackTimer = setInterval(() => this.#acknowledge(), 200);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Connects, and again after every cut. */
  connect(): void {
    if (this.#isStopped) return;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.on("message", (data) => this.#take(JSON.parse(String(data)) as Frame));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      this.#isOpen = false;
      this.#waiting.clear();
      setTimeout(() => this.connect(), reconnectPauseMs);
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#ackTimer);
    this.#socket?.terminate();
  }

  /** Sends a new message; it stays pending over every cut until it is acknowledged. */
  say(conversationId: string): void {
    this.#counter += 1;
    const msgId = `${this.name}-${this.#counter}`;
    const sent = { conversationId, msgId, text: `${this.name} says ${this.#counter}` };
    this.sent.push(sent);
    this.#pending.set(msgId, sent);
    if (this.#isOpen) this.#sendMessage(sent);
  }

  /** Recalls or edits the newest own message, when there is one; the outcome shows in frames and sync. */
  change(kind: "MESSAGE_RECALL" | "MESSAGE_EDIT"): void {
    const last = this.acked.at(-1);
    if (!last || !this.#isOpen) return;
    this.#counter += 1;
    const content = kind === "MESSAGE_EDIT" ? { content: `${this.name} edits ${this.#counter}` } : {};
    this.#send({
      type: kind,
      msgId: `${this.name}-c${this.#counter}`,
      data: { messageId: last.messageId, ...content },
    });
  }

  read(conversationId: string): void {
    const held = this.held.get(conversationId);
    const seq = held ? Math.max(0, ...held.messages.keys()) : 0;
    if (seq > 0 && this.#isOpen) this.#send({ type: "MESSAGE_READ", data: { sessionId: conversationId, seq } });
  }

  /** Asks for the difference to what it holds, page after page, and applies it. */
  async sync(): Promise<void> {
    this.#isSyncing = true;
    try {
      while (await this.#syncPage());
    } finally {
      this.#isSyncing = false;
      for (const frame of this.#news.splice(0)) this.#take(frame);
    }
  }

  async #syncPage(): Promise<boolean> {
    const vector = Object.fromEntries([...this.held].map(([id, { version }]) => [id, version]));
    const answer = await this.#ask({ type: "SYNC", data: { vector, userVersion: 0, storeId: this.#storeId } });
    if (answer.type === "ERROR") throw new Error(`${this.name}: SYNC was answered ${JSON.stringify(answer)}`);
    const { changes, hasMore } = answer.data as { changes: Record<string, unknown>[]; hasMore: boolean };
    for (const change of changes) this.#applyChange(change);
    return hasMore;
  }

  /** More was missed than a server pushes: as the protocol says, the device pulls. A cut ends the try, not the need. */
  async #syncWhenAsked(): Promise<void> {
    if (this.#isSyncing) return;
    try {
      await this.sync();
    } catch (error) {
      if (this.#isOpen) this.contradictions.push(String(error));
    }
  }

  #ask(frame: Frame): Promise<Frame> {
    this.#counter += 1;
    const msgId = `${this.name}-q${this.#counter}`;
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error(`${this.name}: no answer to ${frame.type}`));
      const timer = setTimeout(giveUp, answerTimeoutMs);
      this.#socket?.once("close", giveUp);
      this.#waiting.set(msgId, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#send({ ...frame, msgId });
    });
  }

  #take(frame: Frame): void {
    const data = frame.data ?? {};
    const waiting = frame.msgId === undefined ? undefined : this.#waiting.get(frame.msgId);
    if (waiting && (frame.type === "SYNC_RESULT" || frame.type === "ERROR")) {
      this.#waiting.delete(frame.msgId!);
      waiting(frame);
      return;
    }
    // An answer of SYNC is older than the news that arrives before it: news waits.
    if (this.#isSyncing && typeof data.version === "number" && frame.type !== "SEND_ACK") {
      this.#news.push(frame);
      return;
    }
    if (frame.type === "ERROR" && frame.msgId !== undefined) {
      this.#takeRefusal(frame.msgId, frame);
    } else if (frame.type === "CONNECT_ACK") {
      this.#isOpen = true;
      this.#storeId = String(data.storeId ?? "");
      for (const sent of this.#pending.values()) this.#sendMessage(sent);
    } else if (frame.type === "SEND_ACK") this.#takeAck(frame.msgId!, data);
    else if (frame.type === "NEW_MESSAGE") this.#hold(String(data.sessionId), data as unknown as WireMessage);
    else if (frame.type === "MESSAGE_RECALLED") this.#patch(data, { status: "recalled", text: "" });
    else if (frame.type === "MESSAGE_EDITED") {
      this.#patch(data, { text: textOf(data.content), editedAt: Number(data.timestamp ?? 0) });
    } else if (data.type === "sync.request") void this.#syncWhenAsked();
    else if (typeof data.version === "number") this.#raise(String(data.sessionId), data.version);
  }

  #takeAck(msgId: string, data: Record<string, unknown>): void {
    const conversationId = String(data.sessionId);
    const acked = { msgId, conversationId, messageId: String(data.messageId), seq: Number(data.seq) };
    this.acked.push(acked);
    // The sending device is told by its ack alone.
    const sent = this.#pending.get(msgId);
    const content = sent?.text ?? "";
    if (sent) this.#hold(conversationId, { ...acked, clientMsgId: msgId, content, version: Number(data.version) });
    this.#pending.delete(msgId);
  }

  /** What a server cannot answer now is sent again, with the same id; nothing here is refused for good. */
  #takeRefusal(msgId: string, frame: Frame): void {
    const sent = this.#pending.get(msgId);
    if (!sent) return;
    this.refusals.push(JSON.stringify(frame));
    setTimeout(() => {
      if (this.#isOpen && this.#pending.has(msgId)) this.#sendMessage(sent);
    }, resendPauseMs);
  }

  #hold(conversationId: string, message: WireMessage): void {
    const held = this.#conversation(conversationId);
    const known = held.messages.get(message.seq);
    if (known && known.messageId !== message.messageId) {
      this.contradictions.push(`${conversationId} ${message.seq}: ${known.messageId}, then ${message.messageId}`);
    }
    const isRecalled = message.status === "recalled";
    const editedAt = message.editedAt ?? 0;
    // A message brought again may be older news than what came in between, or newer.
    if (!known || isRecalled || (known.status !== "recalled" && editedAt > known.editedAt)) {
      const { messageId, clientMsgId } = message;
      const text = isRecalled ? "" : textOf(message.content);
      held.messages.set(message.seq, {
        messageId,
        clientMsgId,
        text,
        status: isRecalled ? "recalled" : "normal",
        editedAt,
      });
    }
    raise(held, message.version);
    this.#toAck.set(conversationId, Math.max(message.seq, this.#toAck.get(conversationId) ?? 0));
  }

  #patch(data: Record<string, unknown>, patch: Partial<HeldMessage>): void {
    const held = this.#conversation(String(data.sessionId));
    const version = Number(data.version);
    for (const [seq, message] of held.messages) {
      const isNews = version > held.version && !held.ahead.has(version);
      if (message.messageId === data.messageId && isNews) held.messages.set(seq, { ...message, ...patch });
    }
    raise(held, version);
  }

  #raise(conversationId: string, version: number): void {
    raise(this.#conversation(conversationId), version);
  }

  #applyChange(change: Record<string, unknown>): void {
    if (change.type !== "conversation") return;
    const conversationId = String(change.sessionId);
    if (change.full) this.held.delete(conversationId);
    const held = this.#conversation(conversationId);
    const messages = change.messages as WireMessage[];
    for (const { seq, messageId, clientMsgId, content, status, editedAt = 0 } of messages) {
      const isRecalled = status === "recalled";
      held.messages.set(seq, {
        messageId,
        clientMsgId,
        text: isRecalled ? "" : textOf(content),
        status: isRecalled ? "recalled" : "normal",
        editedAt,
      });
    }
    if (change.full) held.floorSeq = messages[0]?.seq ?? Number(change.seq) + 1;
    for (const each of change.changes as Record<string, unknown>[]) {
      const message = held.messages.get(Number(each.seq));
      if (!message || message.messageId !== each.messageId) continue;
      if (each.type === "recalled") Object.assign(message, { status: "recalled", text: "" });
      else if (each.type === "edited" && message.status !== "recalled") message.text = textOf(each.content);
    }
    held.version = Number(change.version);
    for (const version of held.ahead) if (version <= held.version) held.ahead.delete(version);
    raise(held, held.version);
  }

  #conversation(conversationId: string): HeldConversation {
    let held = this.held.get(conversationId);
    if (!held) {
      held = { version: 0, ahead: new Set(), floorSeq: 1, messages: new Map() };
      this.held.set(conversationId, held);
    }
    return held;
  }

  #acknowledge(): void {
    if (!this.#isOpen) return;
    for (const [sessionId, seq] of this.#toAck) this.#send({ type: "MESSAGE_ACK", data: { sessionId, seq } });
    this.#toAck.clear();
  }

  #sendMessage({ conversationId, msgId, text }: Sent): void {
    this.#send({
      type: "SEND_MESSAGE",
      msgId,
      data: { sessionId: conversationId, contentType: "text", content: text },
    });
  }

  #send(frame: Frame): void {
    this.#socket?.send(JSON.stringify(frame), () => {});
  }
}

function raise(held: HeldConversation, version: number): void {
  if (version > held.version) held.ahead.add(version);
  while (held.ahead.delete(held.version + 1)) held.version += 1;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return typeof content === "object" && content !== null && "text" in content ? String(content.text) : "";
}
