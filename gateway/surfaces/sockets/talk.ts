// What the sockets of conversations share.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { Reply, type ReplyView } from "../../../actors/reply/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { ownCall } from "../../rest/kit/own-call.ts";
import type { Asking } from "../conversations/chats.ts";
import type { Opening } from "./surface-socket.ts";

/** For one frame: each has a deadline of its own. */
export function askingOf({ edge, viewer }: Pick<Opening, "edge" | "viewer">): Asking {
  const call = ownCall(edge);
  return { edge, userId: viewer.caller.userId, call };
}

/** How a reply stream reads the replies of a conversation. */
export function repliesOf({ edge, viewer }: Pick<Opening, "edge" | "viewer">, conversationId: ConversationId) {
  const { userId } = viewer.caller;
  const conversation = edge.actors.get(Conversation, conversationId);
  return {
    read: (replyId: string, afterSeq: number, attempt: number): Promise<ReplyView> =>
      edge.actors.get(Reply, replyId).read({ afterSeq, attempt }),
    running: async () => (await conversation.replies({ userId })).replies.find((each) => each.isRunning)?.replyId,
  };
}

/** An error as a frame shows it. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof DomainError ? thrown.message : "Something went wrong here.";
}
