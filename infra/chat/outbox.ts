// Own messages that the server has not acknowledged yet. They are sent again after every cut, in order, with the same
// msgId: however often it takes, each is one message.
import { randomUUID } from "node:crypto";
import type { Frame } from "./wire.ts";

export interface Unsent {
  readonly msgId: string;
  readonly sessionId: string;
  readonly text: string;
}
export interface Outbox {
  readonly size: number;
  add(sessionId: string, text: string): void;
  /** Undefined when it was acknowledged before, or is not ours. */
  take(msgId: string): Unsent | undefined;
  sendAll(): void;
  /** Resolves when nothing waits, or at the latest after `limitMs`. */
  settle(limitMs: number): Promise<void>;
}

export function createOutbox(sendFrame: (frame: Frame) => void): Outbox {
  const unsent = new Map<string, Unsent>();
  let onEmpty: (() => void) | undefined;

  return {
    get size() {
      return unsent.size;
    },
    add(sessionId, text) {
      const message = { msgId: randomUUID(), sessionId, text };
      unsent.set(message.msgId, message);
      send(message);
    },
    take(msgId) {
      const message = unsent.get(msgId);
      unsent.delete(msgId);
      if (unsent.size === 0) onEmpty?.();
      return message;
    },
    sendAll() {
      for (const message of unsent.values()) send(message);
    },
    async settle(limitMs) {
      if (unsent.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      const timer = setTimeout(resolve, limitMs);
      await promise;
      clearTimeout(timer);
    },
  };

  function send({ msgId, sessionId, text }: Unsent): void {
    sendFrame({ type: "SEND_MESSAGE", msgId, data: { sessionId, contentType: "text", content: text } });
  }
}
