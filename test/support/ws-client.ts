// A socket as a device has it: sends frames, remembers what came, waits for what is to come.
import { WebSocket } from "ws";
import { holdFrame } from "./wire-check.ts";

const waitMsMax = 8_000;

/** Waits for what a question answers with something else than undefined or false. */
export async function until<T>(ask: () => T | undefined | false, describe: () => string = () => ""): Promise<T> {
  const endMs = performance.now() + waitMsMax;
  for (;;) {
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) throw new Error(`did not come true: ${ask} ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

export interface ServerFrame {
  type: string;
  msgId?: string;
  code?: number;
  timestamp?: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  data: any;
}

export interface WsClientOptions {
  /** Query of the URL. */
  query?: Record<string, string>;
  protocols?: string[];
  deflate?: boolean;
}

export class WsClient {
  readonly frames: ServerFrame[] = [];
  readonly socket: WebSocket;
  closeCode: number | undefined;
  closeReason = "";
  #count = 0;

  constructor(port: number, { query = {}, protocols = [], deflate = false }: WsClientOptions = {}) {
    const search = new URLSearchParams(query).toString();
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws?${search}`, protocols, { perMessageDeflate: deflate });
    this.socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as ServerFrame;
      holdFrame(frame);
      this.frames.push(frame);
    });
    this.socket.on("error", () => this.socket.terminate());
    this.socket.on("close", (code, reason) => {
      this.closeCode = code;
      this.closeReason = String(reason);
    });
  }

  async opened(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN || this.closeCode !== undefined);
    return this;
  }

  /** The socket is served. */
  async connected(): Promise<this> {
    await this.sees("CONNECT_ACK");
    return this;
  }

  send(frame: object | string | Buffer): void {
    const isRaw = typeof frame === "string" || Buffer.isBuffer(frame);
    this.socket.send(isRaw ? frame : JSON.stringify(frame));
  }

  /** The answer to a frame with a msgId of its own: ERROR, OK, SEND_ACK, SYNC_RESULT. */
  async asks(frame: { type: string; msgId?: string; data?: object }): Promise<ServerFrame> {
    this.#count += 1;
    const msgId = frame.msgId ?? `ask-${this.#count}`;
    this.send({ ...frame, msgId });
    return this.sees((answer) => answer.msgId === msgId);
  }

  /** The first frame of this type, waited for. */
  async sees(what: string | ((frame: ServerFrame) => boolean)): Promise<ServerFrame> {
    const isIt = typeof what === "string" ? (frame: ServerFrame) => frame.type === what : what;
    return until(
      () => this.frames.find(isIt),
      () => `saw ${JSON.stringify(this.frames).slice(-600)}`,
    );
  }

  async closes(): Promise<number> {
    return until(() => this.closeCode);
  }

  of(type: string): ServerFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** Of one conversation, by version, as they came. */
  versions(conversationId: string): number[] {
    const own = this.frames.filter(({ data }) => data?.sessionId === conversationId && data.version !== undefined);
    return own.filter(({ type }) => type !== "SEND_ACK").map(({ data }) => data.version);
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
