// Messages that a message names, found before it is sent: the one it answers, and those it forwards. Only messages that the
// sender may read are found. A refusal travels with the send: the conversation knows whether the send is a retry.
import { previewOf } from "../../actors/conversation/chat/content.ts";
import { quoteOf } from "../../actors/conversation/chat/quote.ts";
import type { References } from "../../actors/conversation/contract.ts";
import type { FoundMessage, Reading } from "../../actors/reading/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { type ConversationId, parseConversationId, type UserId } from "../../actors/shared/ids.ts";
import type { ForwardedMessage, SendOptions } from "../../actors/shared/message.ts";

/** More are refused by the conversation, and not looked for. */
const maxForwarded = 100;

interface Naming {
  contentType: string;
  content: unknown;
  replyTo?: SendOptions["replyTo"];
}
interface Forward {
  messageIds: string[];
  conversationId: ConversationId | undefined;
}

/** Undefined when the message names no other: the ordinary send waits for nothing. */
export function findReferences(
  reading: Pick<Reading, "findMessages">,
  of: { senderId: UserId; conversationId: ConversationId },
  body: Naming,
): Promise<References> | undefined {
  const forward = body.contentType === "merged_forward" ? forwardOf(body.content) : undefined;
  if (body.replyTo === undefined && forward === undefined) return undefined;
  return find(reading, of, body.replyTo, forward);
}

async function find(
  reading: Pick<Reading, "findMessages">,
  { senderId: userId, conversationId }: { senderId: UserId; conversationId: ConversationId },
  replyTo: string | undefined,
  forward: Forward | undefined,
): Promise<References> {
  const references: References = {};
  try {
    if (replyTo !== undefined) {
      const [answered] = await reading.findMessages({ userId, messageIds: [replyTo], conversationId });
      if (answered) Object.assign(references, answeredBy(answered));
    }
    if (forward) {
      const { messageIds, conversationId: home } = forward;
      const found = await reading.findMessages({ userId, messageIds, ...(home && { conversationId: home }) });
      references.forwarded = found.map(forwarded);
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    references.refusal = error.error;
  }
  return references;
}

function answeredBy({ message, ref }: FoundMessage): References {
  throwWhenGone(message);
  const { seq: replySeq, senderId: replySenderId, asOfVersion } = ref;
  return { replySeq, replySenderId, quote: quoteOf(message), asOfVersion };
}

function throwWhenGone({ status }: FoundMessage["message"]): void {
  if (status === "recalled") throw new DomainError("message.recalled");
  if (status === "expired") throw new DomainError("message.not_found");
}

/** Undefined for a content that the conversation will refuse by itself. */
function forwardOf(content: unknown): Forward | undefined {
  const { messageIds, sessionId } = (content ?? {}) as { messageIds?: unknown; sessionId?: unknown };
  if (!Array.isArray(messageIds) || messageIds.length > maxForwarded) return undefined;
  if (!messageIds.every((id) => typeof id === "string")) return undefined;
  const isKnown = typeof sessionId === "string" && parseConversationId(sessionId) !== undefined;
  return { messageIds: [...new Set(messageIds)], conversationId: isKnown ? sessionId : undefined };
}

function forwarded({ message }: FoundMessage): ForwardedMessage {
  throwWhenGone(message);
  const { messageId, senderId, senderName, contentType, content, atMs } = message;
  return { messageId, senderId, senderName, contentType, preview: previewOf(contentType, content), timestamp: atMs };
}
