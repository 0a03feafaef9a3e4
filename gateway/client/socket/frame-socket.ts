// One socket: frames out, frames in, and the answers to those that ask for one.
import { ClientError } from "../base/errors.ts";
import type { ClientLimits } from "../base/limits.ts";
import type { Platform, PlatformSocket } from "../base/platform.ts";
import type { ClientFrame, ServerFrame } from "../base/wire.ts";

interface FrameSocketEvents {
  /** The upgrade is done; the server does not know yet whose socket it is. */
  opened?(): void;
  /** Every frame, before anything is done with it. */
  received?(frame: ServerFrame): void;
  /** Frames that answer no `ask`. */
  frame(frame: ServerFrame): void;
  /** Once. `code` is undefined when this side gave the socket up. */
  closed(code: number | undefined, reason: string): void;
  /** Something that is no frame was received, and dropped. */
  malformed?(error: ClientError): void;
}

interface FrameSocketOptions {
  readonly url: string;
  readonly protocols?: readonly string[];
  readonly platform: Pick<Platform, "openSocket" | "newId" | "clock">;
  readonly limits: Pick<ClientLimits, "answerTimeoutMs" | "maxWaitingAnswers">;
  /** Every frame that is sent. */
  sent?(frame: ClientFrame): void;
}

interface Waiting {
  readonly resolve: (frame: ServerFrame) => void;
  readonly reject: (error: ClientError) => void;
}

const isOpen = 1; // readyState of WHATWG
const normalClosure = 1000;

export class FrameSocket {
  /** Beneath the frames, for those who need more than this class. */
  readonly socket: PlatformSocket;
  readonly #options: FrameSocketOptions;
  readonly #events: FrameSocketEvents;
  readonly #waiting = new Map<string, Waiting>();
  #isClosed = false;

  constructor(options: FrameSocketOptions, events: FrameSocketEvents) {
    this.#options = options;
    this.#events = events;
    this.socket = options.platform.openSocket(options.url, options.protocols ?? []);
    this.socket.onopen = () => events.opened?.();
    this.socket.onmessage = ({ data }) => this.#take(String(data));
    this.socket.onerror = () => {}; // the close that follows says the rest
    this.socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.socket.readyState === isOpen;
  }

  /** False: the socket is not open, and nothing was sent. */
  send(frame: ClientFrame): boolean {
    if (!this.isOpen) return false;
    this.#options.sent?.(frame);
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Sends a frame under a msgId of its own; resolves with the frame that answers it. */
  async ask(type: string, data: object): Promise<ServerFrame> {
    const { platform, limits } = this.#options;
    if (this.#waiting.size >= limits.maxWaitingAnswers) {
      throw new ClientError("overflow", `${limits.maxWaitingAnswers} frames wait for their answer.`);
    }
    const msgId = platform.newId();
    const { promise, resolve, reject } = Promise.withResolvers<ServerFrame>();
    const cancel = platform.clock.after(limits.answerTimeoutMs, () =>
      reject(new ClientError("unreachable", `${type} was not answered.`)),
    );
    this.#waiting.set(msgId, { resolve, reject });
    if (!this.send({ type, msgId, data })) reject(new ClientError("unreachable", "There is no connection."));
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting.delete(msgId);
    }
  }

  /** Ends the socket in order: what was sent before still arrives. `closed` follows. */
  close(): void {
    if (!this.#isClosed) this.socket.close(normalClosure);
  }

  /** Ends the socket at once: the other side may be gone, and its answer to a close would never come. */
  abandon(): void {
    if (this.#isClosed) return;
    const { socket } = this;
    for (const name of ["onopen", "onmessage", "onclose"] as const) socket[name] = () => {};
    if (socket.terminate) socket.terminate();
    else socket.close();
    this.#closed(undefined, "");
  }

  #take(text: string): void {
    if (this.#isClosed) return;
    const frame = parseFrame(text);
    if (frame === undefined) {
      this.#events.malformed?.(new ClientError("malformed", `This is no frame: ${text.slice(0, 80)}`));
      return;
    }
    this.#events.received?.(frame);
    const waiting = frame.msgId === undefined ? undefined : this.#waiting.get(frame.msgId);
    if (!waiting) this.#events.frame(frame);
    else if (frame.type === "ERROR") waiting.reject(refusalOf(frame));
    else waiting.resolve(frame);
  }

  #closed(code: number | undefined, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) {
      reject(new ClientError("unreachable", "The connection was lost."));
    }
    this.#events.closed(code, reason);
  }
}

/** What an ERROR or CONNECT_ERROR frame says, as an error. */
export function refusalOf({ code, codeStr, message, data }: ServerFrame): ClientError {
  return new ClientError("refused", message ?? "Refused.", { code, codeStr, details: data });
}

function parseFrame(text: string): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    const isFrame = typeof frame === "object" && frame !== null && "type" in frame && typeof frame.type === "string";
    return isFrame ? (frame as ServerFrame) : undefined;
  } catch {
    return undefined;
  }
}
