// The answer of a session as one chat completion.
import type { AssistantContent } from "../../../actors/conversation/assistant/contract.ts";
import { answerTokensOf, noUsage, promptTokensOf, tokensOf, type Usage } from "../../../actors/llm/usage.ts";
import { DomainError, isErrorName } from "../../../actors/shared/errors.ts";
import { ownCall } from "../../rest/kit/own-call.ts";
import { chatIdOf } from "../conversations/chats.ts";
import { findChatMessage } from "../conversations/messages.ts";
import type { ShownEnd } from "../sockets/reply-stream.ts";
import { type Follower, followReply } from "./follow-reply.ts";
import type { SessionAnswer } from "./session-answer.ts";

/** Resolves when the reply is over, however long it takes. Throws its error. */
export async function wholeAnswer(
  { edge, userId }: Follower,
  asked: SessionAnswer,
  gone: AbortSignal,
): Promise<object> {
  const { promise, resolve, reject } = Promise.withResolvers<{ text: string; end: ShownEnd }>();
  let text = "";
  const stop = followReply({ edge, userId }, asked, 0, {
    chunk: ({ delta }) => {
      text += delta;
    },
    reset: () => {
      text = "";
    },
    done: (end) => resolve({ text, end }),
    failed: reject,
  });
  gone.addEventListener("abort", () => reject(new DomainError("common.unavailable")));
  try {
    const { text: content, end } = await promise;
    if (end.status === "failed") throw errorOf(end);
    const stored = await storedAnswer({ edge, userId }, asked, end);
    return {
      ...{
        id: `chatcmpl-${asked.replyId}`,
        object: "chat.completion",
        created: Math.floor(edge.clock.nowMs() / 1_000),
      },
      model: stored?.model ?? asked.model,
      choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
      usage: usageOnWire((stored?.usage as Usage | undefined) ?? noUsage),
      ...{ session_id: chatIdOf(asked.conversationId), message_id: end.messageId ?? null },
    };
  } finally {
    stop();
  }
}

async function storedAnswer({ edge, userId }: Follower, { conversationId }: SessionAnswer, { messageId }: ShownEnd) {
  if (messageId === undefined) return undefined;
  const call = ownCall(edge);
  const { message } = await findChatMessage({ edge, userId, call }, messageId, conversationId);
  return message.content as AssistantContent;
}

function usageOnWire(usage: Usage): object {
  return {
    prompt_tokens: promptTokensOf(usage),
    completion_tokens: answerTokensOf(usage),
    total_tokens: tokensOf(usage),
  };
}

function errorOf({ error }: ShownEnd): DomainError {
  const name = error && isErrorName(error.code) ? error.code : "llm.upstream_failed";
  return new DomainError(name, error && { message: error.message });
}
