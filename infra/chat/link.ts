// The socket side of the client. It comes back by itself, for ever, until the server says that there is no use.
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import type { Frame } from "./wire.ts";

export interface Link {
  readonly isOpen: boolean;
  /** False when there is no connection now: nothing was sent. */
  send(frame: Frame): boolean;
  /** Rejects when the connection goes or no answer comes in time. */
  ask(type: string, data: object): Promise<Frame>;
  close(): void;
}
export interface LinkEvents {
  url: string;
  token(): string;
  /** The token is no longer taken: resolves when there is a new one. */
  renewToken(): Promise<void>;
  opened(ack: Frame): void;
  frame(frame: Frame): void;
  lost(): void;
  /** The server does not want this client back. */
  ended(why: string): void;
}

const pausesMs = [100, 500, 1_000, 2_000, 4_000]; // then 4 s again and again; spread by half
const answerTimeoutMs = 15_000;
const heartbeatMs = 20_000;
const silenceMsMax = 60_000;
const unauthorized = 4401;
const finalReasons: Readonly<Record<number, string>> = {
  4400: "The server does not understand this client.",
  4403: "This login was ended.",
  4010: "You are connected in another terminal.",
};

export function openLink(events: LinkEvents): Link {
  let socket: WebSocket | undefined;
  let isOpen = false;
  let isClosed = false;
  let failures = 0;
  let lastHeardMs = 0;
  const waiting = new Map<string, { resolve(frame: Frame): void; reject(cause: Error): void }>();

  const heartbeat = setInterval(() => {
    if (!isOpen) return;
    if (performance.now() - lastHeardMs > silenceMsMax) socket?.terminate();
    else link.send({ type: "PING", timestamp: Date.now() });
  }, heartbeatMs);
  const link: Link = {
    get isOpen() {
      return isOpen;
    },
    send(frame) {
      if (!isOpen || socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    ask(type, data) {
      const msgId = randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<Frame>();
      const timer = setTimeout(() => reject(new Error(`${type} was not answered`)), answerTimeoutMs);
      waiting.set(msgId, { resolve, reject });
      if (!link.send({ type, msgId, data: { ...data } })) reject(new Error("not connected"));
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(msgId);
      });
    },
    close() {
      isClosed = true;
      clearInterval(heartbeat);
      socket?.close(1000);
    },
  };
  connect();
  return link;

  function connect(): void {
    if (isClosed) return;
    const next = new WebSocket(events.url);
    socket = next;
    next.on("open", () => next.send(JSON.stringify({ type: "AUTH", data: { token: events.token() } })));
    next.on("message", (data) => take(JSON.parse(String(data)) as Frame));
    next.on("error", () => next.terminate()); // "close" follows and says the rest
    next.on("close", (code) => closed(code));
  }

  function take(frame: Frame): void {
    lastHeardMs = performance.now();
    if (frame.type === "CONNECT_ACK") {
      isOpen = true;
      failures = 0;
      events.opened(frame);
      return;
    }
    const asker = frame.msgId === undefined ? undefined : waiting.get(frame.msgId);
    if (!asker) events.frame(frame);
    else if (frame.type === "ERROR") asker.reject(new Error(frame.message ?? "refused"));
    else asker.resolve(frame);
  }

  function closed(code: number): void {
    const wasOpen = isOpen;
    isOpen = false;
    for (const { reject } of waiting.values()) reject(new Error("the connection was lost"));
    if (isClosed) return;
    const why = finalReasons[code];
    if (why !== undefined) {
      link.close();
      events.ended(why);
      return;
    }
    if (wasOpen) events.lost();
    const pauseMs = (pausesMs[failures] ?? pausesMs.at(-1) ?? 0) * (0.5 + Math.random());
    failures += 1;
    setTimeout(() => void comeBack(code), pauseMs);
  }

  async function comeBack(code: number): Promise<void> {
    if (code === unauthorized) {
      try {
        await events.renewToken();
      } catch {
        closed(unauthorized); // no server, or no login now: the same again after a longer pause
        return;
      }
    }
    connect();
  }
}
