// A worker's way into its reply, and how the worker learns that the reply has ended without it.
import { Reply, type ReplyView } from "../../actors/reply/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";

/** `isOthers`: another worker began the attempt that the reply holds. */
export type HeldReply = Pick<ReplyView, "attempt" | "seq"> & { isOthers: boolean };

/**
 * The attempt and the last number that the reply holds; undefined when it is over. An attempt of a lost worker is kept until
 * there is something better (reply-writer/attempt).
 */
export async function openReply({ actors }: { actors: Actors }, replyId: string): Promise<HeldReply | undefined> {
  const reply = actors.get(Reply, replyId);
  try {
    const { status, attempt, seq } = await reply.read({ afterSeq: Number.MAX_SAFE_INTEGER });
    if (status !== "queued" && status !== "running") return undefined;
    if (attempt > 0) return { attempt, seq, isOthers: true };
    return { ...(await reply.begin({})), seq: 0, isOthers: false };
  } catch (error) {
    if (isOver(error)) return undefined;
    throw error;
  }
}

const overErrors: ReadonlySet<string> = new Set(["llm.reply_over", "llm.attempt_over", "llm.reply_not_found"]);

/** The reply ended without this worker, or another worker writes it. */
export function isOver(error: unknown): boolean {
  return error instanceof DomainError && overErrors.has(error.error);
}
