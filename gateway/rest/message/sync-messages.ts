import { DomainError } from "../../../actors/shared/errors.ts";
import { parseConversationId, type UserId } from "../../../actors/shared/ids.ts";
import { id, optionalSeq, optionalText } from "../../input/rules.ts";
import { messageOnWire } from "../../wire/message.ts";
import { cutPage } from "../kit/pages.ts";
import type { Edge } from "../kit/route.ts";

export interface ConversationSeq {
  conversationId: string;
  conversationType?: string;
  lastSeq?: number;
}
const maxConversationsPerCall = 100;

export const conversationSeqs = {
  type: "array",
  max: maxConversationsPerCall,
  items: { type: "object", props: { conversationId: id, conversationType: optionalText(16), lastSeq: optionalSeq } },
} as const;

/** One page of each conversation, oldest first. Together they stay below the page limit; `hasMore` marks pages that were cut. */
export async function messagesAfter(
  edge: Edge,
  userId: UserId,
  asked: readonly ConversationSeq[],
  perConversation: number,
) {
  const limit = Math.min(perConversation, edge.limits.maxPageMessages);
  let bytesLeft = edge.limits.maxPageBytes;
  const answers = [];
  for (const { conversationId, lastSeq = 0 } of asked) {
    const { messages, hasMore } = await findPage(edge, userId, conversationId, lastSeq, bytesLeft > 0 ? limit : 0);
    const { page, cut } = cutPage(messages, Math.max(bytesLeft, 0), "first");
    bytesLeft -= Buffer.byteLength(JSON.stringify(page));
    answers.push({
      conversationId,
      sessionId: conversationId,
      conversationType: parseConversationId(conversationId)?.type ?? "single",
      messages: page.map(messageOnWire),
      hasMore: hasMore || cut,
      lastSeq: page.at(-1)?.seq ?? lastSeq,
    });
  }
  return answers;
}

async function findPage(edge: Edge, userId: UserId, conversationId: string, lastSeq: number, limit: number) {
  // Beyond the page limit: the next call returns the messages.
  if (limit === 0) return { messages: [], hasMore: true };
  if (!parseConversationId(conversationId)) return { messages: [], hasMore: false };
  try {
    const startSeq = lastSeq + 1;
    return await edge.reading.history({ userId, conversationId, startSeq, limit, direction: "forward" });
  } catch (error) {
    // In the second spelling an unknown conversation is answered empty.
    if (error instanceof DomainError && hiddenErrors.has(error.error)) return { messages: [], hasMore: false };
    throw error;
  }
}
const hiddenErrors = new Set(["session.not_found", "group.not_member", "group.not_found", "group.dissolved"]);
