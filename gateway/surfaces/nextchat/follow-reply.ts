// Follows one reply, which may still wait for its turn, until its end or until nobody wants it any more.
import { Reply, type ReplyView } from "../../../actors/reply/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { every } from "../../../actors/shared/sleep.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { type ReplyListener, ReplyStream } from "../sockets/reply-stream.ts";
import type { SessionAnswer } from "./session-answer.ts";

export interface Follower {
  edge: Edge;
  userId: UserId;
}

/** A reply is looked at so often, beside its notifications, which may be lost. */
export const lookEveryMs = 15_000;

/** Answers the function that ends it. `failed`: the reply cannot be read. */
export function followReply(
  { edge, userId }: Follower,
  { replyId }: Pick<SessionAnswer, "replyId">,
  afterSeq: number,
  listener: ReplyListener & { failed(error: unknown): void },
): () => void {
  const stream = new ReplyStream({
    read: (id, seq, attempt) => readReply(edge, id, seq, attempt),
    running: async () => replyId,
    failed: (error) => listener.failed(error),
    listener,
  });
  const stopWatching = edge.feed.watch(userId, {
    notified(notification) {
      if (notification.data.replyId === replyId) stream.notified(notification);
    },
    missed: () => stream.attach(),
  });
  stream.attach(afterSeq);
  const cancelLooks = every(edge.clock, lookEveryMs, () => stream.attach());
  return () => {
    stopWatching();
    cancelLooks();
  };
}

/** The conversation tells the reply's actor of it by its outbox: until then it waits like one that has not begun. */
async function readReply(edge: Edge, replyId: string, afterSeq: number, attempt: number): Promise<ReplyView> {
  try {
    return await edge.actors.get(Reply, replyId).read({ afterSeq, attempt });
  } catch (error) {
    if (!(error instanceof DomainError && error.error === "llm.reply_not_found")) throw error;
    return {
      replyId,
      status: "queued",
      attempt: 0,
      seq: 0,
      deltas: [],
      firstSeq: 1,
      isForgotten: false,
    } as unknown as ReplyView;
  }
}
