// Answers of models while they are written, until their message is there.
import type { Message, SendReceipt } from "../../../client/base/wire.ts";
import type { HeldReply } from "../../../client/replica/replies.ts";
import { Source } from "../base/source.ts";

/** Replies kept; of one more the oldest is dropped. A reply that failed without a message stays until then. */
const maxHeld = 50;

export class RunningReplies extends Source {
  readonly #held = new Map<string, HeldReply>();
  /** Replies of this session whose messages are there: what comes late of them does not begin them again. */
  readonly #over = new Set<string>();

  of(sessionId: string): HeldReply[] {
    return [...this.#held.values()].filter((reply) => reply.sessionId === sessionId);
  }

  /** A message to a model was sent: the page shows that the model thinks until the first piece of the answer comes. */
  expect({ replyId, sessionId, messageId: replyTo }: SendReceipt): void {
    if (replyId === undefined || this.#held.has(replyId) || this.#over.has(replyId)) return;
    this.take({ replyId, sessionId, replyTo, status: "running", text: "" });
  }

  take(reply: HeldReply): void {
    if (this.#over.has(reply.replyId)) return;
    // A reply that was stopped before its first piece leaves nothing.
    const isNothing = reply.status === "stopped" && reply.text === "" && !reply.messageId;
    if (isNothing) this.#held.delete(reply.replyId);
    else this.#held.set(reply.replyId, reply);
    if (this.#held.size > maxHeld) this.#held.delete(this.#held.keys().next().value!);
    this.changed();
  }

  /** The answers in these messages are complete. */
  over(messages: readonly Message[]): void {
    for (const { content } of messages) {
      const { replyId } = (content ?? {}) as { replyId?: string };
      if (replyId === undefined) continue;
      this.#held.delete(replyId);
      this.#over.add(replyId);
    }
    this.changed();
  }
}
