// A device of a fault run: uses the client to send, change and read, and records everything that the server answers and pushes.
import type { DeviceType } from "../../gateway/client/api/session.ts";
import type { ClientError } from "../../gateway/client/base/errors.ts";
import type { ClientFrame, ServerFrame } from "../../gateway/client/base/wire.ts";
import { type Client, createClient } from "../../gateway/client/client.ts";
import type { Replica } from "../../gateway/client/replica/replica.ts";
import { wsPlatform } from "../support/ws-platform.ts";

export interface Sent {
  conversationId: string;
  msgId: string;
  text: string;
  sentMs: number;
  /** The number of attempts, and the socket of the last one. */
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
  /** Undefined: the change was refused or not answered, and may still take effect. */
  confirmedMs?: number;
}
/** A closed socket. `code` undefined: the device closed it, because nothing arrived for too long. */
interface Closed {
  atMs: number;
  gateway: string;
  code: number | undefined;
}
export interface Gateway {
  readonly name: string;
  readonly url: string;
}

interface DeviceOptions {
  readonly name: string;
  readonly login: { readonly userId: string; readonly token: string; readonly deviceType: DeviceType };
  /** Called at every connect. `attempt` counts the failures since the last CONNECT_ACK. */
  gateway(attempt: number): Gateway;
  /** A socket on which nothing arrives for this time is closed. Undefined: only the server closes sockets. */
  readonly silenceMs?: number;
  /** Used instead of the delays of CONNECT_ACK. */
  readonly reconnectMs?: number;
  /** Called with one line per event of the device. */
  trace?(line: string): void;
  onMessage?(conversationId: string, clientMsgId: string | undefined): void;
}

const pingEveryMs = 1_500;
const limits = {
  ackEveryMs: 200,
  resendPauseMsMin: 200,
  resendPauseMsMax: 200,
  // Everything since the last check is kept for the next one.
  maxMessagesHeld: 1_000_000,
  maxAhead: 1_000_000,
};
/** 040105: the sender is not, or no longer, a member of the group. */
const notMemberCode = 40_105;
/** 000006 and 000007: try again. */
const retryCodes = [6, 7];

export class Device {
  readonly name: string;
  readonly userId: string;
  readonly replica: Replica;
  sent: Sent[] = [];
  acked: Acked[] = [];
  changes: Change[] = [];
  readonly closed: Closed[] = [];
  /** Frames that contradict the protocol or earlier frames. */
  readonly contradictions: string[] = [];
  /** Sends answered with an error, to be tried again. */
  readonly refusals: string[] = [];
  /** The number of refusals since the start, by request and error code. */
  readonly codes = new Map<string, number>();
  /** Sends of which a later attempt got a final refusal: each is in the history once or not at all. */
  readonly denied = new Set<string>();
  /** When a change last got no answer or a refusal: it may still take effect. */
  unknownChangeMs = Number.NEGATIVE_INFINITY;
  /** The number of answers with `full: true`, at which the device drops its copy. */
  fulls = 0;
  changingCount = 0;
  readonly #options: DeviceOptions;
  readonly #client: Client;
  readonly #pending = new Map<string, Sent>();
  #gateway: Gateway | undefined;
  #sockets = 0;
  #counter = 0;

  constructor(options: DeviceOptions) {
    const { name, login, silenceMs, reconnectMs } = options;
    this.#options = options;
    this.name = name;
    this.userId = login.userId;
    this.#client = createClient({
      ...{ deviceId: name, deviceType: login.deviceType, mode: "push", platform: wsPlatform(), limits },
      url: (attempt) => this.#nextGateway(attempt).url,
      retry: reconnectMs === undefined ? undefined : { delaysMs: [reconnectMs], jitter: 0 },
      heartbeat: silenceMs === undefined ? "none" : { everyMs: pingEveryMs, silenceMs },
    });
    this.replica = this.#client.replica;
    // A run is shorter than the lifetime of an access token.
    const forEver = { refreshToken: "", expiresIn: Number.POSITIVE_INFINITY };
    this.#client.session.use({ userId: login.userId, accessToken: login.token, ...forEver });
    this.#watch();
  }

  get pendingCount(): number {
    return this.#pending.size;
  }
  get isOpen(): boolean {
    return this.#client.isOpen;
  }
  get gateway(): string {
    return this.#gateway?.name ?? "";
  }

  connect(): void {
    this.#client.connect().catch(() => {}); // the handler of "ended" records the failure
  }

  stop(): void {
    void this.#client.close();
  }

  /** Sends a new message. The message stays pending over disconnects until it is acknowledged. */
  send(conversationId: string): void {
    this.#counter += 1;
    const msgId = `${this.name}-${this.#counter}`;
    const text = `${this.name} says ${this.#counter}`;
    const sent = { conversationId, msgId, text, sentMs: performance.now(), attempts: 0, socket: 0 };
    this.sent.push(sent);
    this.#pending.set(msgId, sent);
    const settle = () => this.#pending.delete(msgId);
    const message = { sessionId: conversationId, contentType: "text", content: text };
    this.#client.send(message, msgId).then(settle, settle);
  }

  /** Recalls or edits the newest own message. The request is not repeated: frames and sync show its outcome. */
  change(kind: Change["kind"]): void {
    const last = this.acked.at(-1);
    if (!last || !this.isOpen) return;
    this.#counter += 1;
    const { messageId, conversationId } = last;
    const text = kind === "MESSAGE_EDIT" ? `${this.name} edits ${this.#counter}` : "";
    const change: Change = { kind, conversationId, messageId, text, sentMs: performance.now() };
    this.changes.push(change);
    this.changingCount += 1;
    this.#client
      .ask(kind, { messageId, ...(text && { content: text }) })
      .then(
        () => {
          change.confirmedMs = performance.now();
        },
        // After the refusal 000006 the change may still take effect.
        (error: ClientError) => {
          this.unknownChangeMs = performance.now();
          if (error.kind === "refused") this.#count(kind, error.code);
        },
      )
      .finally(() => {
        this.changingCount -= 1;
      });
  }

  read(conversationId: string): void {
    const seq = this.replica.find(conversationId)?.seq ?? 0;
    if (seq > 0) this.#client.read(conversationId, seq);
  }

  /** Fetches the difference to the device's copy and applies it. */
  sync(): Promise<void> {
    return this.#client.sync();
  }

  /** Drops the records that were checked. */
  forget(): void {
    this.sent = [];
    this.acked = [];
    this.changes = [];
    this.closed.length = 0;
    this.refusals.length = 0;
    this.denied.clear();
    this.contradictions.length = 0;
  }

  #watch(): void {
    const client = this.#client;
    client.on("frame", (frame) => this.#witness(frame));
    client.on("sent", (frame) => this.#noteSent(frame));
    client.on("problem", ({ message }) => this.contradictions.push(message));
    client.on("replaced", () => {
      this.fulls += 1;
    });
    client.on("lost", (code) => {
      this.#trace(`loses its socket: ${code ?? "nothing arrived"}`);
      this.closed.push({ atMs: performance.now(), gateway: this.gateway, code });
    });
    client.on("ended", ({ message, code }) => {
      this.contradictions.push(`${this.gateway} does not want it back: ${code} ${message}`);
    });
  }

  #nextGateway(attempt: number): Gateway {
    this.#gateway = this.#options.gateway(attempt);
    this.#sockets += 1;
    this.#trace("connects");
    return this.#gateway;
  }

  #noteSent(frame: ClientFrame): void {
    this.#trace(">", frame);
    const sent = frame.type === "SEND_MESSAGE" ? this.#pending.get(frame.msgId ?? "") : undefined;
    if (!sent) return;
    sent.attempts += 1;
    sent.socket = this.#sockets;
  }

  #witness(frame: ServerFrame): void {
    this.#trace("<", frame);
    const { type, msgId = "", data = {} } = frame;
    if (type === "SEND_ACK") this.#noteAck(msgId, data);
    else if (type === "ERROR") this.#noteRefusal(msgId, frame);
    else if (type === "NEW_MESSAGE") {
      const { sessionId, clientMsgId } = data as { sessionId: string; clientMsgId?: string };
      this.#options.onMessage?.(sessionId, clientMsgId);
    }
  }

  /** Records every ack, including a second one for the same message. */
  #noteAck(msgId: string, { sessionId, messageId, seq }: Readonly<Record<string, unknown>>): void {
    const receipt = { msgId, conversationId: String(sessionId), messageId: String(messageId), seq: Number(seq) };
    const { sentMs = 0, attempts = 2, socket = 0 } = this.#pending.get(msgId) ?? {};
    this.acked.push({ ...receipt, sentMs, attempts, socket, ackedMs: performance.now() });
    this.#pending.delete(msgId);
  }

  #noteRefusal(msgId: string, frame: ServerFrame): void {
    if (!this.#pending.has(msgId)) return;
    const { code = 0 } = frame;
    this.#count("SEND_MESSAGE", code);
    this.refusals.push(JSON.stringify(frame));
    if (code === notMemberCode) this.denied.add(msgId);
    else if (!retryCodes.includes(code)) {
      this.contradictions.push(`${msgId} got an unexpected final refusal: ${JSON.stringify(frame)}`);
    }
  }

  #count(what: string, code: number): void {
    const name = `${what} ${code}`;
    this.codes.set(name, (this.codes.get(name) ?? 0) + 1);
  }

  #trace(what: string, frame?: ServerFrame | ClientFrame): void {
    const { trace } = this.#options;
    if (!trace || frame?.type === "PING" || frame?.type === "PONG" || frame?.type === "AUTH") return;
    const data = (frame?.data ?? {}) as Record<string, unknown>;
    const { sessionId, seq, version, messageId, clientMsgId, type } = data;
    const named = [sessionId, seq, version, messageId, clientMsgId, type].map((each) => String(each || "-")).join(" ");
    const code = frame && "code" in frame ? frame.code : "";
    const described = frame ? ` ${frame.type} ${frame.msgId ?? "-"} ${code} ${named}` : "";
    trace(`${new Date().toISOString().slice(11, 23)} ${this.gateway}/${this.#sockets} ${what}${described}`);
  }
}
