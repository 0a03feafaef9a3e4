// Messages that a message names, found before it is sent: the one it answers, and those it forwards. Only messages that the
// sender may read are found. A refusal travels with the send: the conversation knows whether the send is a retry.
import { previewOf } from "../../actors/conversation/chat/content.ts";
import { quoteOf } from "../../actors/conversation/chat/quote.ts";
import type { References } from "../../actors/conversation/contract.ts";
import type { FoundMessage, Reading } from "../../actors/reading/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { type ConversationId, parseConversationId, type UserId } from "../../actors/shared/ids.ts";
import { maxItems } from "../../actors/shared/limits.ts";
import type { ForwardedMessage, SendOptions } from "../../actors/shared/message.ts";
import type { FileEdge } from "../files/access.ts";
import type { Store } from "../kit/with-store.ts";
import { storeBodies } from "./bodies.ts";
import { copyOf, throwWhenGone } from "./copy.ts";
import { findFile, namesFile } from "./find-file.ts";

interface ReferenceEdge extends Store, FileEdge {}
interface Naming {
  contentType: string;
  content: unknown;
  replyTo?: SendOptions["replyTo"];
}
interface Forward {
  messageIds: readonly string[];
  conversationId?: ConversationId | undefined;
}

/** Undefined when the message names no other: the ordinary send waits for nothing. */
export function findReferences(
  edge: ReferenceEdge,
  { senderId: userId, conversationId }: { senderId: UserId; conversationId: ConversationId },
  body: Naming,
): Promise<References> | undefined {
  const { replyTo } = body;
  const forward = body.contentType === "merged_forward" ? forwardOf(body.content) : undefined;
  const hasFile = namesFile(body);
  if (replyTo === undefined && forward === undefined && !hasFile) return undefined;
  return orRefusal(async () => ({
    ...(replyTo !== undefined && (await findAnswered(edge, { userId, messageIds: [replyTo], conversationId }))),
    ...(forward && (await findMerged(edge, userId, forward))),
    ...(hasFile && (await findFile(edge, userId, body))),
  }));
}

/** References of one merged_forward. */
export async function findMerged(
  edge: ReferenceEdge,
  userId: UserId,
  { messageIds, conversationId }: Forward,
): Promise<References> {
  const where = conversationId === undefined ? {} : { conversationId };
  const found = await edge.reading.findMessages({ userId, messageIds: inChatOrder(messageIds), ...where });
  const forwarded = found.map(forwardedOf);
  return {
    forwarded,
    bodies: await storeBodies(
      edge,
      found.map(({ message }) => message),
    ),
  };
}

/** References of single copies, in the order of the chat. */
export async function findCopies(
  { reading }: Pick<ReferenceEdge, "reading">,
  userId: UserId,
  messageIds: readonly string[],
): Promise<References[]> {
  const found = await reading.findMessages({ userId, messageIds: inChatOrder(messageIds) });
  return found.map(({ message }) => ({ copy: copyOf(message) }));
}

/** A refusal of the table becomes one that travels with the send. */
export async function orRefusal(find: () => Promise<References>): Promise<References> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { refusal: error.error };
  }
}

/** Ids rise with the seqs of a conversation, and with time across conversations. */
export function inChatOrder(messageIds: readonly string[]): string[] {
  return [...new Set(messageIds)].sort((a, b) => Number(a) - Number(b));
}

async function findAnswered(
  { reading }: ReferenceEdge,
  asked: Parameters<Reading["findMessages"]>[0],
): Promise<References> {
  const [answered] = await reading.findMessages(asked);
  if (!answered) return {};
  const { message, ref } = answered;
  throwWhenGone(message);
  const { seq: replySeq, senderId: replySenderId, asOfVersion } = ref;
  return { replySeq, replySenderId, quote: quoteOf(message), asOfVersion };
}

/** Undefined for a content that the conversation will refuse by itself. */
function forwardOf(content: unknown): Forward | undefined {
  const { messageIds, sessionId } = (content ?? {}) as { messageIds?: unknown; sessionId?: unknown };
  if (!Array.isArray(messageIds) || messageIds.length === 0 || messageIds.length > maxItems.forwarded) return undefined;
  if (!messageIds.every((id) => typeof id === "string")) return undefined;
  const isKnown = typeof sessionId === "string" && parseConversationId(sessionId) !== undefined;
  return { messageIds, conversationId: isKnown ? sessionId : undefined };
}

function forwardedOf({ message }: FoundMessage): ForwardedMessage {
  const { messageId, senderId, senderName, atMs } = message;
  const { contentType, content } = copyOf(message);
  return { messageId, senderId, senderName, contentType, preview: previewOf(contentType, content), timestamp: atMs };
}
