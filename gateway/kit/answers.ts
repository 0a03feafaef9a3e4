// What a new version of an answer is made of: the message that is answered, and its answer that is shown now. Clients name
// either of the two, or an older version of the answer.
import type { AnswerRef, AssistantContent } from "../../actors/conversation/assistant/contract.ts";
import { processOf } from "../../actors/conversation/assistant/queue.ts";
import type { MessageRef } from "../../actors/conversation/contract.ts";
import type { FoundMessage, Reading } from "../../actors/reading/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { ConversationId, MessageId, UserId } from "../../actors/shared/ids.ts";
import type { StoredMessage } from "../../actors/shared/message.ts";

interface Where {
  userId: UserId;
  messageId: MessageId;
  conversationId?: ConversationId;
}
interface Regenerated {
  conversationId: ConversationId;
  message: MessageRef;
  answer?: AnswerRef;
}

/** An answer follows its message soon: so many messages after it are looked at. */
const maxLookedAt = 200;

/** Throws message.not_found, also for an answer whose message is gone. */
export async function findRegenerated(
  reading: Pick<Reading, "findMessage" | "history">,
  where: Where,
): Promise<Regenerated> {
  const named = await reading.findMessage(where);
  const { conversationId } = named;
  const asked = isAnswer(named.message) ? await findAsked(reading, where.userId, named) : named;
  const message: MessageRef = { ...asked.ref, process: processOf(asked.message.contentType, asked.message.content) };
  const answer = await findAnswer(reading, where.userId, conversationId, asked.message);
  if (!answer) return { conversationId, message };
  const { messageId, seq, bucket, senderId, atMs, contentType, status, content } = answer;
  const { asOfVersion } = asked.ref;
  const ref: AnswerRef = { messageId, seq, bucket, senderId, atMs, contentType, status, asOfVersion };
  const { versionOf } = content as AssistantContent;
  return { conversationId, message, answer: versionOf === undefined ? ref : { ...ref, versionOf } };
}

function isAnswer({ contentType, replyTo }: StoredMessage): boolean {
  return contentType === "assistant" && replyTo !== undefined;
}

function findAsked(
  reading: Pick<Reading, "findMessage">,
  userId: UserId,
  { message, conversationId }: FoundMessage,
): Promise<FoundMessage> {
  if (message.replyTo === undefined) throw new DomainError("message.not_found");
  return reading.findMessage({ userId, messageId: message.replyTo, conversationId });
}

/** Older versions stand in no history, so the answer that is found is the one that is shown. */
async function findAnswer(
  reading: Pick<Reading, "history">,
  userId: UserId,
  conversationId: ConversationId,
  { messageId, seq }: StoredMessage,
): Promise<StoredMessage | undefined> {
  const page = { userId, conversationId, startSeq: seq + 1, limit: maxLookedAt, direction: "forward" as const };
  const { messages } = await reading.history(page);
  return messages.findLast(
    ({ contentType, replyTo, content }) => contentType === "assistant" && replyTo === messageId && content !== null,
  );
}
