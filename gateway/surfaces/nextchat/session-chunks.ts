// The answer of a session as chunks of OpenAI's format, whatever carries them.
import type { ShownEnd } from "../sockets/reply-stream.ts";
import { type Follower, followReply } from "./follow-reply.ts";
import type { SessionAnswer } from "./session-answer.ts";

interface ChunkWriter {
  /** `seq`: the number of the piece that the chunk holds. */
  chunk(chunk: object, seq?: number): void;
  /** A new attempt began: what was written of the answer is void. */
  reset(): void;
  fail(code: string, message: string): void;
  /** The answer is whole. */
  complete(): void;
}

/** Answers the function that ends it. After `fail` or `complete` nothing follows. */
export function writeAnswer(follower: Follower, asked: SessionAnswer, afterSeq: number, to: ChunkWriter): () => void {
  const created = Math.floor(follower.edge.clock.nowMs() / 1_000);
  const chunk = (delta: object, finish: string | null) => ({
    ...{ id: `chatcmpl-${asked.replyId}`, object: "chat.completion.chunk", created, model: asked.model },
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  if (afterSeq === 0) to.chunk(chunk({ role: "assistant", content: "" }, null));
  return followReply(follower, asked, afterSeq, {
    chunk: ({ seq, delta }) => to.chunk(chunk({ content: delta }, null), seq),
    reset: () => to.reset(),
    done({ status, error }: ShownEnd) {
      if (status === "failed") return to.fail(error?.code ?? "", error?.message ?? "The answer failed.");
      to.chunk(chunk({}, "stop"));
      to.complete();
    },
    failed: () => to.fail("common.unavailable", "The answer cannot be read now. Try again."),
  });
}

/** In a stream that has begun an error has no status any more. */
export function errorChunk(code: string, message: string): object {
  return { error: { code, message, type: "server_error" }, message };
}
