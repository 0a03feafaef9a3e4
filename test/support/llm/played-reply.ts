// The part of a model: a test writes the answer that a conversation waits for.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { Reply } from "../../../actors/reply/contract.ts";
import { eventually } from "../../suites/eventually.ts";
import type { TestNode } from "../start-node.ts";

/** Begins an attempt of the reply that the user's conversation runs. */
export async function playsReply({ node: { actors } }: TestNode, userId: string, chatId: number | string) {
  const conversation = actors.get(Conversation, `a_${chatId}`);
  let replyId = "";
  await eventually(async () => {
    const { replies } = await conversation.replies({ userId });
    replyId = replies.find(({ isRunning }) => isRunning)?.replyId ?? "";
    return replyId !== "";
  });
  const reply = actors.get(Reply, replyId);
  const { attempt } = await reply.begin({});
  return {
    writes: (...deltas: string[]) => reply.append({ attempt, deltas }),
    ends: (status: "completed" | "stopped" | "failed") => reply.finish({ attempt, status }),
  };
}
