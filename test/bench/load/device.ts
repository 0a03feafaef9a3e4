// A device that does as PROTOCOL asks of clients: it reconnects at once, elsewhere, and sends again what was not answered.
import type { LiteSocket } from "./lite-socket.ts";
import { type BenchUser, connectUser, type Place } from "./people.ts";

interface Pending {
  text: string;
  resolve(): void;
}

const againMs = 20;
const ackEveryMs = 1_000;

export class Device {
  /** ERROR frames, by code. */
  readonly errors: Map<string, number>;
  reconnects = 0;
  /** Sends that a closing socket left without an answer. */
  unanswered = 0;
  #place: Place;
  #user: BenchUser;
  #at: number;
  #socket: LiteSocket | undefined;
  #pending = new Map<string, Pending>();
  #received = new Map<string, number>();
  #sent = 0;

  private constructor(place: Place, user: BenchUser, at: number, errors: Map<string, number>) {
    this.#place = place;
    this.#user = user;
    this.#at = at;
    this.errors = errors;
  }

  static async connect(place: Place, user: BenchUser, at: number, errors: Map<string, number>): Promise<Device> {
    const device = new Device(place, user, at, errors);
    await device.#connect();
    setInterval(() => device.#acknowledge(), ackEveryMs);
    return device;
  }

  /** Resolves when it is acknowledged, however often it had to be sent. */
  send(conversationId: string): Promise<void> {
    this.#sent += 1;
    const msgId = `${this.#user.deviceId}-${this.#sent}`;
    const content = `message ${this.#sent} ${"x".repeat(100)}`;
    const data = { sessionId: conversationId, contentType: "text", content };
    const text = JSON.stringify({ type: "SEND_MESSAGE", msgId, data });
    return new Promise((resolve) => {
      this.#pending.set(msgId, { text, resolve });
      this.#socket?.send(text);
    });
  }

  async #connect(): Promise<void> {
    const socket = await connectUser(this.#place, this.#user, "&sync=client", this.#at);
    socket.onFrame = (payload) => this.#take(payload);
    socket.onClose = () => {
      if (this.#socket !== socket) return; // a close frame, then the end of the connection
      this.#socket = undefined;
      socket.close();
      this.reconnects += 1;
      this.unanswered += this.#pending.size;
      void this.#comeBack();
    };
    this.#socket = socket;
    for (const { text } of this.#pending.values()) socket.send(text);
  }

  async #comeBack(): Promise<void> {
    for (;;) {
      this.#at += 1;
      try {
        return await this.#connect();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, againMs)); // that host is away: the next one
      }
    }
  }

  #take(payload: Buffer): void {
    if (payload.indexOf('"SEND_ACK"') >= 0) {
      const msgId = /"msgId":"([^"]+)"/.exec(payload.toString("latin1"))?.[1] ?? "";
      this.#pending.get(msgId)?.resolve();
      this.#pending.delete(msgId);
    } else if (payload.indexOf('"NEW_MESSAGE"') >= 0) {
      const text = payload.toString("latin1");
      const id = /"sessionId":"([^"]+)"/.exec(text)?.[1];
      const at = text.indexOf('"seq":');
      if (id) this.#received.set(id, Number.parseInt(text.slice(at + 6, at + 22), 10));
    } else if (payload.indexOf('"ERROR"') >= 0) this.#refused(payload.toString());
  }

  #refused(text: string): void {
    const { msgId, code, data } = JSON.parse(text) as { msgId?: string; code?: unknown; data?: { code?: unknown } };
    const name = String(code ?? data?.code);
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
    setTimeout(() => {
      const pending = this.#pending.get(msgId ?? "");
      if (pending) this.#socket?.send(pending.text);
    }, againMs);
  }

  #acknowledge(): void {
    for (const [id, seq] of this.#received)
      this.#socket?.send(`{"type":"MESSAGE_ACK","sessionId":"${id}","seq":${seq}}`);
    if (this.#socket) this.#received.clear();
  }
}
