// A device under faults: it sends, retries with the same msgId after every cut, and notes what it was told.
import { WebSocket } from "ws";
import { Holding, textOf, type WireMessage } from "./holding.ts";

export interface Sent {
  conversationId: string;
  msgId: string;
  text: string;
  sentMs: number;
  /** How often it was sent, and over which socket the last time. */
  attempts: number;
  socket: number;
}
export interface Acked {
  msgId: string;
  conversationId: string;
  messageId: string;
  seq: number;
  sentMs: number;
  ackedMs: number;
  attempts: number;
  socket: number;
}
export interface Change {
  kind: "MESSAGE_RECALL" | "MESSAGE_EDIT";
  conversationId: string;
  messageId: string;
  text: string;
  sentMs: number;
  /** Undefined: it was refused, or never answered, and may still come true. */
  confirmedMs?: number;
}
/** A socket that ended; `code` undefined: this device gave it up, as it heard nothing for too long. */
export interface Closed {
  atMs: number;
  gateway: string;
  code: number | undefined;
}
export interface Gateway {
  readonly name: string;
  readonly url: string;
}
interface Frame {
  type: string;
  msgId?: string;
  code?: number;
  data?: Record<string, unknown>;
}

export interface DeviceOptions {
  readonly name: string;
  readonly userId: string;
  /** Asked at every connect: `attempt` counts the failures since the last CONNECT_ACK. */
  gateway(attempt: number): Gateway;
  /** Heard nothing for so long: the socket is taken for dead. Absent: only the other side ends it. */
  readonly silenceMs?: number;
  /** In place of what CONNECT_ACK advises. */
  readonly reconnectMs?: number;
  /** One line for everything that happens to it. */
  trace?(line: string): void;
  onMessage?(conversationId: string, clientMsgId: string | undefined): void;
}

/** Until CONNECT_ACK has told better. */
const firstRetry = { delaysMs: [50], jitter: 0 };
const resendPauseMs = 200;
/** A gateway answers every send within 15 s; one that has not is asked again. */
const unansweredMs = 20_000;
const answerTimeoutMs = 20_000;
const helloTimeoutMs = 10_000;
const tickMs = 200;
const pingEveryMs = 1_500;
/** 040105: the sender is no member of the group (any more). */
const notMemberCode = 40_105;
/** 000006 and 000007: try again. */
const retryCodes = [6, 7];
const finalCloseCodes = [4400, 4401, 4403];

export class Device {
  readonly name: string;
  readonly userId: string;
  readonly holding = new Holding();
  sent: Sent[] = [];
  acked: Acked[] = [];
  changes: Change[] = [];
  readonly closed: Closed[] = [];
  /** Frames that no server should send. */
  readonly contradictions: string[] = [];
  /** Sends answered with an error, to be tried again. */
  readonly refusals: string[] = [];
  /** How often what was answered with which code, since the start. */
  readonly codes = new Map<string, number>();
  /** Sends that a later attempt was refused for good: they are there once, or not at all. */
  readonly denied = new Set<string>();
  /** When a change was last left without an answer: it may still come true. */
  unknownChangeMs = Number.NEGATIVE_INFINITY;
  #options: DeviceOptions;
  #socket: WebSocket | undefined;
  #socketNumber = 0;
  #gateway: Gateway | undefined;
  #attempt = 0;
  #retry = firstRetry;
  #pending = new Map<string, Sent>();
  #answeredMs = new Map<string, number>();
  #changing = new Map<string, Change>();
  #waiting = new Map<string, (frame: Frame) => void>();
  #isOpen = false;
  #isStopped = false;
  #heardMs = 0;
  #pingedMs = 0;
  #counter = 0;
  #storeId = "";
  #isSyncing = false;
  #wantsSync = false;
  #news: Frame[] = [];
  #timer: NodeJS.Timeout;
  #toAck = new Map<string, number>();

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.name = options.name;
    this.userId = options.userId;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }
  get changingCount(): number {
    return this.#changing.size;
  }
  get isOpen(): boolean {
    return this.#isOpen;
  }
  get gateway(): string {
    return this.#gateway?.name ?? "";
  }

  /** Connects, and again after every cut, with the pauses that CONNECT_ACK advised. */
  connect(): void {
    if (this.#isStopped) return;
    const gateway = this.#options.gateway(this.#attempt);
    const socket = new WebSocket(gateway.url);
    this.#socket = socket;
    this.#socketNumber += 1;
    this.#gateway = gateway;
    this.#heardMs = performance.now();
    const hello = setTimeout(() => !this.#isOpen && this.#leave(socket), helloTimeoutMs);
    this.#trace("connects");
    socket.on("message", (data) => {
      if (socket !== this.#socket) return;
      this.#heardMs = performance.now();
      const frame = JSON.parse(String(data)) as Frame;
      this.#trace("<", frame);
      this.#take(frame);
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", (code) => {
      clearTimeout(hello);
      if (socket === this.#socket) this.#lose(code);
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#socket?.terminate();
  }

  /** Sends a new message; it stays pending over every cut until it is acknowledged. */
  say(conversationId: string): void {
    this.#counter += 1;
    const msgId = `${this.name}-${this.#counter}`;
    const text = `${this.name} says ${this.#counter}`;
    const sent = { conversationId, msgId, text, sentMs: performance.now(), attempts: 0, socket: 0 };
    this.sent.push(sent);
    this.#pending.set(msgId, sent);
    if (this.#isOpen) this.#sendMessage(sent);
  }

  /** Recalls or edits the newest own message, when there is one; not tried again: the outcome shows in frames and sync. */
  change(kind: Change["kind"]): void {
    const last = this.acked.at(-1);
    if (!last || !this.#isOpen) return;
    this.#counter += 1;
    const msgId = `${this.name}-c${this.#counter}`;
    const { messageId, conversationId } = last;
    const text = kind === "MESSAGE_EDIT" ? `${this.name} edits ${this.#counter}` : "";
    const change: Change = { kind, conversationId, messageId, text, sentMs: performance.now() };
    this.changes.push(change);
    this.#changing.set(msgId, change);
    this.#send({ type: kind, msgId, data: { messageId, ...(text && { content: text }) } });
  }

  read(conversationId: string): void {
    const seq = this.holding.newestSeq(conversationId);
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

  /** What was judged is forgotten. */
  forget(): void {
    this.sent = [];
    this.acked = [];
    this.changes = [];
    this.closed.length = 0;
    this.refusals.length = 0;
    this.denied.clear();
    this.contradictions.length = 0;
    this.holding.contradictions.length = 0;
  }

  async #syncPage(): Promise<boolean> {
    const vector = this.holding.vector();
    const answer = await this.#ask({ type: "SYNC", data: { vector, userVersion: 0, storeId: this.#storeId } });
    if (answer.type === "ERROR") throw new Error(`${this.name}: SYNC was answered ${JSON.stringify(answer)}`);
    const { changes, hasMore } = answer.data as { changes: Record<string, unknown>[]; hasMore: boolean };
    for (const change of changes) this.holding.change(change);
    return hasMore;
  }

  /** More was missed than a server pushes: as the protocol says, the device pulls. A failure ends the try, not the need. */
  async #syncWhenAsked(): Promise<void> {
    this.#wantsSync = true;
    if (this.#isSyncing) return;
    try {
      while (this.#wantsSync) {
        this.#wantsSync = false;
        await this.sync();
      }
    } catch {
      this.#wantsSync = true; // #tick asks again
    }
  }

  #ask(frame: Frame): Promise<Frame> {
    this.#counter += 1;
    const msgId = `${this.name}-q${this.#counter}`;
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const giveUp = () => reject(new Error(`${this.name}: no answer to ${frame.type}`));
      const timer = setTimeout(giveUp, answerTimeoutMs);
      socket?.once("close", giveUp);
      this.#waiting.set(msgId, (answer) => {
        clearTimeout(timer);
        socket?.off("close", giveUp);
        resolve(answer);
      });
      this.#send({ ...frame, msgId });
    });
  }

  #take(frame: Frame): void {
    const data = frame.data ?? {};
    const { msgId } = frame;
    const waiting = msgId === undefined ? undefined : this.#waiting.get(msgId);
    if (waiting && msgId !== undefined && (frame.type === "SYNC_RESULT" || frame.type === "ERROR")) {
      this.#waiting.delete(msgId);
      waiting(frame);
      return;
    }
    if (frame.type === "NEW_MESSAGE") {
      const { clientMsgId } = data as { clientMsgId?: string };
      this.#options.onMessage?.(String(data.sessionId), clientMsgId);
    }
    // An answer of SYNC is older than the news that arrives before it: news waits.
    if (this.#isSyncing && typeof data.version === "number" && frame.type !== "SEND_ACK") {
      this.#news.push(frame);
      return;
    }
    if (frame.type === "CONNECT_ACK") this.#open(data);
    else if (frame.type === "ERROR" && msgId !== undefined) this.#takeRefusal(msgId, frame);
    else if (frame.type === "OK" && msgId !== undefined) this.#confirm(msgId, true);
    else if (frame.type === "SEND_ACK" && msgId !== undefined) this.#takeAck(msgId, data);
    else this.#takeNews(frame.type, data);
  }

  #takeNews(type: string, data: Record<string, unknown>): void {
    const conversationId = String(data.sessionId);
    if (type === "own message") this.holding.message(conversationId, data as unknown as WireMessage);
    else if (type === "NEW_MESSAGE") this.#takeMessage(conversationId, data as unknown as WireMessage);
    else if (type === "MESSAGE_RECALLED") this.holding.patch(data, { status: "recalled", text: "" });
    else if (type === "MESSAGE_EDITED") {
      this.holding.patch(data, { text: textOf(data.content), editedAt: Number(data.timestamp ?? 0) });
    } else if (data.type === "sync.request") void this.#syncWhenAsked();
    else if (data.type === "conversation_left" || data.type === "session.deleted") this.holding.left(conversationId);
    else if (data.type === "group.removed") this.holding.left(conversationId);
    else if (typeof data.version === "number") this.holding.raise(conversationId, data.version);
  }

  #open(data: Record<string, unknown>): void {
    this.#isOpen = true;
    this.#attempt = 0;
    this.#storeId = String(data.storeId ?? "");
    this.#retry = (data.retry as typeof firstRetry | undefined) ?? firstRetry;
    for (const sent of this.#pending.values()) this.#sendMessage(sent);
    if (this.#wantsSync) void this.#syncWhenAsked();
  }

  #takeAck(msgId: string, data: Record<string, unknown>): void {
    const conversationId = String(data.sessionId);
    const receipt = { msgId, conversationId, messageId: String(data.messageId), seq: Number(data.seq) };
    const sent = this.#pending.get(msgId);
    const { sentMs = 0, attempts = 2, socket = 0, text = "" } = sent ?? {};
    this.acked.push({ ...receipt, sentMs, attempts, socket, ackedMs: performance.now() });
    // The sending device is told by its ack alone.
    if (sent) {
      const version = Number(data.version);
      const message = { ...receipt, clientMsgId: msgId, content: text, version };
      if (this.#isSyncing) this.#news.push({ type: "own message", data: { ...message, sessionId: conversationId } });
      else this.holding.message(conversationId, message);
    }
    this.#pending.delete(msgId);
  }

  /** What a server cannot answer now is sent again, with the same id. */
  #takeRefusal(msgId: string, frame: Frame): void {
    const sent = this.#pending.get(msgId);
    const what = `${sent ? "SEND_MESSAGE" : (this.#changing.get(msgId)?.kind ?? "another")} ${frame.code}`;
    this.codes.set(what, (this.codes.get(what) ?? 0) + 1);
    this.#confirm(msgId, false);
    if (!sent) return;
    this.refusals.push(JSON.stringify(frame));
    if (!retryCodes.includes(frame.code ?? 0) && frame.code !== notMemberCode) {
      this.contradictions.push(`${msgId} was refused, as if for good: ${JSON.stringify(frame)}`);
    }
    if (frame.code === notMemberCode) {
      this.#pending.delete(msgId);
      this.denied.add(msgId);
      return;
    }
    this.#answeredMs.set(msgId, performance.now());
    setTimeout(() => {
      if (this.#isOpen && this.#pending.has(msgId)) this.#sendMessage(sent);
    }, resendPauseMs);
  }

  /** A change that was refused may still be in doubt (000006). */
  #confirm(msgId: string, isDone: boolean): void {
    const change = this.#changing.get(msgId);
    if (!change) return;
    if (isDone) change.confirmedMs = performance.now();
    else this.unknownChangeMs = performance.now();
    this.#changing.delete(msgId);
  }

  /** Only what this socket brought is confirmed on it: what came by other ways says nothing of what is before it. */
  #takeMessage(conversationId: string, message: WireMessage): void {
    this.holding.message(conversationId, message);
    this.#toAck.set(conversationId, Math.max(message.seq, this.#toAck.get(conversationId) ?? 0));
  }

  #tick(): void {
    const nowMs = performance.now();
    const { silenceMs } = this.#options;
    if (silenceMs !== undefined && this.#socket && nowMs - this.#heardMs > silenceMs) this.#leave(this.#socket);
    if (!this.#isOpen) return;
    if (silenceMs !== undefined && nowMs - this.#pingedMs > pingEveryMs) {
      this.#pingedMs = nowMs;
      this.#send({ type: "PING" });
    }
    for (const [sessionId, seq] of this.#toAck) this.#send({ type: "MESSAGE_ACK", data: { sessionId, seq } });
    this.#toAck.clear();
    if (this.#wantsSync && !this.#isSyncing) void this.#syncWhenAsked();
    for (const sent of this.#pending.values()) {
      const waitedMs = nowMs - (this.#answeredMs.get(sent.msgId) ?? sent.sentMs);
      if (waitedMs < unansweredMs) continue;
      this.#answeredMs.set(sent.msgId, nowMs);
      this.refusals.push(`${sent.msgId} had no answer for ${Math.round(waitedMs)} ms at ${this.gateway}`);
      this.#sendMessage(sent);
    }
  }

  /** The other side may be there no more: nobody waits for its goodbye. */
  #leave(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#lose(undefined);
    socket.terminate();
  }

  #lose(code: number | undefined): void {
    const wasOpen = this.#isOpen;
    this.#trace(`loses its socket: ${code ?? "it heard nothing"}`);
    this.#socket = undefined;
    this.#isOpen = false;
    this.#waiting.clear();
    this.#toAck.clear();
    for (const msgId of [...this.#changing.keys()]) this.#confirm(msgId, false);
    if (this.#isStopped) return;
    if (wasOpen) this.closed.push({ atMs: performance.now(), gateway: this.gateway, code });
    if (code !== undefined && finalCloseCodes.includes(code)) {
      this.contradictions.push(`its socket was closed with ${code} by ${this.gateway}`);
    }
    setTimeout(() => this.connect(), this.#reconnectPauseMs());
    this.#attempt += 1;
  }

  #reconnectPauseMs(): number {
    if (this.#options.reconnectMs !== undefined) return this.#options.reconnectMs;
    const { delaysMs, jitter } = this.#retry;
    const delayMs = delaysMs[Math.min(this.#attempt, delaysMs.length - 1)] ?? 0;
    return delayMs * (1 + jitter * (Math.random() * 2 - 1));
  }

  #sendMessage(sent: Sent): void {
    sent.attempts += 1;
    sent.socket = this.#socketNumber;
    const { conversationId, msgId, text } = sent;
    const data = { sessionId: conversationId, contentType: "text", content: text };
    this.#send({ type: "SEND_MESSAGE", msgId, data });
  }

  #trace(what: string, frame?: Frame): void {
    const { trace } = this.#options;
    if (!trace || frame?.type === "PING" || frame?.type === "PONG") return;
    const { sessionId = "", seq = "", version = "", messageId = "", clientMsgId = "", type = "" } = frame?.data ?? {};
    const named = [sessionId, seq, version, messageId, clientMsgId, type].map((each) => String(each || "-")).join(" ");
    const told = frame ? ` ${frame.type} ${frame.msgId ?? "-"} ${frame.code ?? ""} ${named}` : "";
    trace(`${new Date().toISOString().slice(11, 23)} ${this.gateway}/${this.#socketNumber} ${what}${told}`);
  }

  #send(frame: Frame): void {
    this.#trace(">", frame);
    this.#socket?.send(JSON.stringify(frame), () => {});
  }
}
