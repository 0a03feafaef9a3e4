// A whole node whose model is a scripted upstream, and a user who chats with it. The upstream's journal says what the model was
// asked, and when its connection was closed.
import { randomInt } from "node:crypto";
import { Conversation } from "../../actors/conversation/contract.ts";
import { Reply, type ReplyView } from "../../actors/reply/contract.ts";
import { User } from "../../actors/user/contract.ts";
import { eventually } from "../suites/eventually.ts";
import { startModelNode } from "./llm/model-node.ts";
import type { UpstreamRequest } from "./llm/script.ts";

const patienceMs = 30_000;

export async function startReplyDesk({ env = {} }: { env?: Record<string, string> } = {}) {
  const model = await startModelNode({ isSystem: true, env: { OPENAI_API_KEY: "sk-upstream-1", ...env } });
  const { upstream, node: server } = model;
  const firstId = randomInt(1_000_000) * 1_000 + 1_000_000;
  const userId = String(firstId);
  let lastId = firstId;
  await server.node.actors
    .get(User, userId)
    .create({ nickname: "Alice", phone: "", email: "", account: "", atMs: Date.now() });

  return {
    ...{ upstream, server, userId },
    actors: () => server.node.actors,

    /** Opens a chat that has a title, so that no model is asked for one. */
    async openChat(more: Partial<Parameters<ReturnType<typeof chatOf>["createChat"]>[0]> = {}) {
      const conversationId = `a_${++lastId}`;
      await chatOf(conversationId).createChat({
        ...{ ownerId: userId, assistantId: "model-up-model-1", assistantName: "Parrot", title: "Talk" },
        ...more,
      });
      return openChat(conversationId);
    },

    close: () => model[Symbol.asyncDispose](),
  };

  function chatOf(conversationId: string) {
    return server.node.actors.get(Conversation, conversationId);
  }

  function openChat(conversationId: string) {
    let sent = 0;
    const read = (replyId: string): Promise<ReplyView> => server.node.actors.get(Reply, replyId).read({ afterSeq: 0 });
    return {
      conversationId,
      read,
      textOf: async (replyId: string) => (await read(replyId)).deltas.join(""),
      info: () => chatOf(conversationId).chat({ userId }),
      delete: () => chatOf(conversationId).deleteChat({ userId }),
      stop: () => chatOf(conversationId).stopReplies({ userId }),
      /** Sends a message, and answers the id of its reply. */
      async say(text: string): Promise<string> {
        sent += 1;
        const receipt = await chatOf(conversationId).send({
          ...{ senderId: userId, senderName: "Alice", senderAvatar: "", clientMsgId: `m${sent}` },
          ...{ contentType: "text", content: { text } },
        });
        if (receipt.replyId === undefined) throw new Error("nobody answers");
        return receipt.replyId;
      },
      /** The reply once it has ended and is stored. */
      async ended(replyId: string): Promise<ReplyView> {
        await eventually(async () => {
          const { replies } = await chatOf(conversationId).replies({ userId });
          return replies.every((reply) => reply.replyId !== replyId);
        }, patienceMs);
        return read(replyId);
      },
      async running(replyId: string, text = ""): Promise<void> {
        await eventually(async () => (await read(replyId)).deltas.join("").startsWith(text), patienceMs);
      },
    };
  }
}

/** The messages that a request to a model held, as "role: text". */
export function promptOf(request: UpstreamRequest | undefined): string[] {
  const { messages = [] } = request?.json<{ messages?: { role: string; content: string }[] }>() ?? {};
  return messages.map(({ role, content }) => `${role}: ${content}`);
}
