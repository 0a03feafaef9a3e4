// One socket of a user, on the client's FrameSocket. It sends only what the test says: no acknowledgement and no reconnect by
// itself. Every received frame is checked against the table of server frames.
import { WebSocket } from "ws";
import { defaultClientLimits } from "../../gateway/client/base/limits.ts";
import type { ServerFrame } from "../../gateway/client/base/wire.ts";
import { FrameSocket } from "../../gateway/client/socket/frame-socket.ts";
import { holdFrame, holdReply } from "./wire-check.ts";
import { wsPlatform } from "./ws-platform.ts";

/** A frame as it came; `data` is {} when there was none. */
export interface TestFrame extends Omit<ServerFrame, "data"> {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly data: any;
}

/** Whether a frame carries a notification of this type. */
export const isOf = (type: string) => (frame: TestFrame) => frame.data.type === type;

export interface TestDeviceOptions {
  readonly protocols?: readonly string[];
  /** Offers compression to the server. */
  readonly deflate?: boolean;
}

const seeTimeoutMs = 8_000;

export class TestDevice {
  /** Everything that was received, oldest first. */
  readonly frames: TestFrame[] = [];
  closeCode: number | undefined;
  closeReason = "";
  /** Beneath the frames: for tests that break the protocol, or stop reading. */
  readonly socket: WebSocket;
  #counter = 0;
  readonly #watchers = new Set<() => void>();

  constructor(url: string, { protocols, deflate }: TestDeviceOptions = {}) {
    const { socket } = new FrameSocket(
      { url, protocols, platform: wsPlatform({ deflate }), limits: defaultClientLimits },
      {
        opened: () => this.#wake(),
        received: (frame) => {
          holdFrame(frame);
          this.frames.push({ ...frame, data: frame.data ?? {} });
          this.#wake();
        },
        frame: () => {},
        closed: (code, reason) => {
          this.closeCode = code;
          this.closeReason = reason;
          this.#wake();
        },
        malformed(error) {
          throw error;
        },
      },
    );
    this.socket = socket as unknown as WebSocket;
  }

  /** Resolves with the first frame of this type that matches, received before or after the call. */
  async sees(what: string | ((frame: TestFrame) => boolean), fits = (_: TestFrame) => true): Promise<TestFrame> {
    const isIt = typeof what === "string" ? (frame: TestFrame) => frame.type === what && fits(frame) : what;
    return this.#until(() => this.frames.find(isIt), `a frame ${what}`);
  }
  /** Resolves when the upgrade has succeeded or failed. The socket is not authenticated then. */
  async opens(): Promise<this> {
    await this.#until(() => (this.#isOpen() || this.closeCode !== undefined ? true : undefined), "the socket to open");
    return this;
  }
  /** Resolves after CONNECT_ACK. */
  async connected(): Promise<this> {
    await this.sees("CONNECT_ACK");
    return this;
  }
  async closes(): Promise<number> {
    return this.#until(() => this.closeCode, "the socket to close");
  }
  /** The frames of this type that were received so far. */
  seen(type: string, fits: (frame: TestFrame) => boolean = () => true): TestFrame[] {
    return this.frames.filter((frame) => frame.type === type && fits(frame));
  }
  /** Versions of one conversation, in the order in which they came. */
  versions(conversationId: string): number[] {
    const own = this.frames.filter(({ data }) => data.sessionId === conversationId && data.version !== undefined);
    return own.filter(({ type }) => type !== "SEND_ACK").map(({ data }) => data.version);
  }
  /** Sends a frame and resolves with the answer to its msgId. */
  async asks(type: string, data: unknown, msgId = `q${++this.#counter}-${Math.random()}`): Promise<TestFrame> {
    this.sends({ type, msgId, data });
    const answer = await this.#until(() => this.frames.find((frame) => frame.msgId === msgId), `an answer to ${type}`);
    holdReply(type, answer);
    return answer;
  }
  /** An object as JSON; a text or bytes as they are. */
  sends(frame: unknown): void {
    const isRaw = typeof frame === "string" || Buffer.isBuffer(frame);
    this.socket.send(isRaw ? frame : JSON.stringify(frame));
  }
  disconnects(): void {
    this.socket.terminate();
  }
  [Symbol.dispose](): void {
    this.disconnects();
  }

  #isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    const found = look();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const watch = () => {
        const now = look();
        if (now === undefined) return;
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve(now);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watch);
        const last = this.frames.slice(-5).map((frame) => JSON.stringify(frame).slice(0, 200));
        reject(new Error(`Waited in vain for ${what}. Closed: ${this.closeCode}. Last frames: ${last.join("\n")}`));
      }, seeTimeoutMs);
      this.#watchers.add(watch);
    });
  }
  #wake(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
