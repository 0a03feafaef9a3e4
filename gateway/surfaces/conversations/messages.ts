// Messages of a conversation with a model, as all surfaces see them.
import type { AssistantContent, PromptContent } from "../../../actors/conversation/assistant/contract.ts";
import { previewOf } from "../../../actors/conversation/chat/content.ts";
import { Conversation, type SendReceipt } from "../../../actors/conversation/contract.ts";
import type { Surface } from "../../../actors/llm/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { type ConversationId, conversationTypeOf, type MessageId } from "../../../actors/shared/ids.ts";
import type { StoredMessage } from "../../../actors/shared/message.ts";
import { senderOf } from "../../rest/kit/names.ts";
import type { Client } from "../../rest/kit/route.ts";
import type { Asking } from "./chats.ts";

/** The parts that any surface shows. */
export interface ChatMessage {
  messageId: MessageId;
  conversationId: ConversationId;
  seq: number;
  role: PromptContent["role"];
  text: string;
  contentType: NonNullable<PromptContent["contentType"]>;
  imageIds: readonly string[];
  params: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, unknown>>;
  toolCall: unknown;
  toolResponse: unknown;
  tokenCount: number | undefined;
  createdAtMs: number;
  updatedAtMs: number;
  /** The message that this one replaced: itself when its text was edited, the first version of another answer. */
  editedOf: MessageId | null;
}

export function chatMessageOf(message: StoredMessage): ChatMessage {
  const { messageId, conversationId, seq, contentType, content, atMs, editedAtMs } = message;
  const parts: PartsOf =
    contentType === "prompt"
      ? promptParts(content)
      : contentType === "assistant"
        ? answerParts(content)
        : { text: previewOrText(contentType, content) };
  return {
    ...{ messageId, conversationId, seq, role: "user", contentType: "text", imageIds: [], params: {}, metadata: {} },
    ...{ toolCall: null, toolResponse: null, tokenCount: undefined },
    ...{ createdAtMs: atMs, updatedAtMs: editedAtMs ?? atMs, editedOf: editedAtMs === undefined ? null : messageId },
    ...parts,
  };
}

type PartsOf = Partial<ChatMessage> & Pick<ChatMessage, "text">;

function promptParts(content: unknown): PartsOf {
  const {
    role,
    text,
    contentType = "text",
    imageIds = [],
    params = {},
    images,
    metadata = {},
    toolCall,
    toolResponse,
  } = content as PromptContent;
  const tools = { toolCall: toolCall ?? null, toolResponse: toolResponse ?? null };
  const shown = images ? { ...metadata, images } : metadata;
  return { role, text, contentType, imageIds, params, metadata: shown, ...tools };
}

function answerParts(content: unknown): PartsOf {
  const { text, status, model, versionOf, imageIds = [], toolCalls, tokenCount, error } = content as AssistantContent;
  const metadata = { status, ...(model !== undefined && { model }), ...(error && { error }) };
  const parts: PartsOf = { role: "assistant", text, imageIds, metadata, toolCall: toolCalls ?? null, tokenCount };
  return versionOf === undefined ? parts : { ...parts, editedOf: versionOf };
}

function previewOrText(contentType: string, content: unknown): string {
  return contentType === "text" && typeof content === "string" ? content : previewOf(contentType, content);
}

/** Neither deleted nor expired. */
function isShown({ status }: StoredMessage): boolean {
  return status === "normal" || status === "edited";
}

const maxPage = 200;

/** The newest messages below `beforeSeq` (0: of all), ascending. */
export async function messagesBefore(
  { edge, userId }: Asking,
  conversationId: ConversationId,
  { beforeSeq, limit }: { beforeSeq: number; limit: number },
): Promise<{ messages: ChatMessage[]; hasMore: boolean }> {
  const messages: StoredMessage[] = [];
  let startSeq = beforeSeq === 0 ? 0 : beforeSeq - 1;
  if (beforeSeq === 1) return { messages: [], hasMore: false };
  // One more than asked for says whether there are more.
  for (;;) {
    const page = await edge.reading.history({
      userId,
      conversationId,
      startSeq,
      limit: maxPage,
      direction: "backward",
    });
    messages.unshift(...page.messages.filter(isShown));
    const first = page.messages[0]?.seq ?? 1;
    if (!page.hasMore || messages.length > limit) break;
    startSeq = first - 1;
  }
  return { messages: messages.slice(-limit).map(chatMessageOf), hasMore: messages.length > limit };
}

/** In the order of the conversation, from its beginning. */
export async function messagesFrom(
  { edge, userId }: Asking,
  conversationId: ConversationId,
  { offset, limit, messageCount }: { offset: number; limit: number; messageCount: number },
): Promise<ChatMessage[]> {
  const messages: StoredMessage[] = [];
  if (offset >= messageCount) return [];
  let passed = 0;
  for (let startSeq = 0; ; ) {
    const page = await edge.reading.history({ userId, conversationId, startSeq, limit: maxPage, direction: "forward" });
    for (const message of page.messages.filter(isShown)) {
      passed += 1;
      if (passed > offset && messages.length < limit) messages.push(message);
    }
    const last = page.messages.at(-1)?.seq;
    if (!page.hasMore || last === undefined || messages.length >= limit) return messages.map(chatMessageOf);
    startSeq = last + 1;
  }
}

/** Throws message.not_found. */
export async function findChatMessage({ edge, userId }: Asking, messageId: MessageId, conversationId?: ConversationId) {
  const asked = conversationId === undefined ? { userId, messageId } : { userId, messageId, conversationId };
  const found = await edge.reading.findMessage(asked);
  if (conversationTypeOf(found.conversationId) !== "assistant") throw new DomainError("message.not_found");
  return found;
}

/** Sends a message of the caller; a retry under the same Idempotency-Key is the same message. */
export async function sendToChat(
  { edge, userId, call }: Asking,
  conversationId: ConversationId,
  message: { contentType: "text" | "prompt"; content: string | PromptContent; answer?: false },
  { client = {}, surface }: { client?: Pick<Client, "idempotencyKey">; surface: Surface },
): Promise<SendReceipt> {
  const sender = await senderOf(edge, userId);
  const clientMsgId = client.idempotencyKey ?? edge.random.hex(128);
  // The clientMsgId is the idempotency key of a send (G2), so no command id is kept beside it.
  const { commandId: _, ...options } = call;
  const deadlineMs = edge.clock.nowMs() + edge.limits.sendDeadlineMs;
  const command = { senderId: userId, clientMsgId, ...sender, ...message, surface };
  return edge.actors.get(Conversation, conversationId).send(command, { ...options, deadlineMs });
}
