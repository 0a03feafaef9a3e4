// The caller's conversations with models, as all surfaces see them.
import type { ChatInfo, ChatPatch } from "../../../actors/conversation/assistant/contract.ts";
import { Conversation } from "../../../actors/conversation/contract.ts";
import { modelAssistantId, ownAssistantId } from "../../../actors/models/assistants.ts";
import { ModelSettings } from "../../../actors/models/contract.ts";
import { maxModelChars } from "../../../actors/models/limits.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError, invalidField } from "../../../actors/shared/errors.ts";
import {
  assistantConversationId,
  type ConversationId,
  conversationTypeOf,
  type UserId,
} from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { isLongerThan } from "../../../actors/shared/names.ts";
import { User } from "../../../actors/user/contract.ts";
import { stampId } from "../../input/rules.ts";
import { itemsOf } from "../../rest/kit/items.ts";
import { maxActorsAsked } from "../../rest/kit/max-actors-asked.ts";
import type { Edge } from "../../rest/kit/route.ts";

export interface Asking {
  edge: Edge;
  userId: UserId;
  call: CallOptions;
}

type NewChat = Pick<ChatPatch, "title" | "description" | "modelConfig" | "tags">;

/** The same Idempotency-Key makes the same conversation. */
export async function createChat({ edge, userId, call }: Asking, chat: NewChat): Promise<ChatInfo> {
  const { groupId } = await edge.actors.get(User, userId).newGroupId({}, call);
  const assistant = await assistantFor({ edge, userId, call }, chat.modelConfig);
  const input = { ownerId: userId, ...assistant, ...chat };
  return edge.actors.get(Conversation, assistantConversationId(groupId)).createChat(input, call);
}

export async function updateChat(asking: Asking, conversationId: ConversationId, patch: NewChat): Promise<ChatInfo> {
  const { edge, userId, call } = asking;
  const assistant = patch.modelConfig && (await assistantFor(asking, patch.modelConfig));
  const conversation = edge.actors.get(Conversation, conversationId);
  return conversation.updateChat({ userId, patch: { ...patch, ...assistant } }, call);
}

/** Throws session.not_found, for a conversation of somebody else too. */
export function findChat({ edge, userId, call }: Asking, conversationId: ConversationId): Promise<ChatInfo> {
  return edge.actors.get(Conversation, conversationId).chat({ userId }, call);
}

/** Newest first. A conversation that is deleted meanwhile is left out. */
export async function listChats(
  { edge, userId, call }: Asking,
  { limit, offset, matches }: { limit: number; offset: number; matches?: (chat: ChatInfo) => boolean },
): Promise<{ chats: ChatInfo[]; total: number }> {
  const { items } = await itemsOf(edge, userId, "conversation", 0, call);
  const ids = items
    .filter((item) => item.deleted !== true && item.conversationType === "assistant")
    .map(({ id }) => id)
    .sort((a, b) => Number(chatIdOf(b)) - Number(chatIdOf(a)));
  const wanted = matches ? ids : ids.slice(offset, offset + limit);
  const found = await mapBounded(wanted, maxActorsAsked, (id) => findUnlessGone({ edge, userId, call }, id));
  const chats = found.filter((chat) => chat !== undefined);
  if (!matches) return { chats, total: ids.length };
  const matching = chats.filter(matches);
  return { chats: matching.slice(offset, offset + limit), total: matching.length };
}

async function findUnlessGone(asking: Asking, id: ConversationId): Promise<ChatInfo | undefined> {
  try {
    return await findChat(asking, id);
  } catch (error) {
    if (error instanceof DomainError && error.error === "session.not_found") return undefined;
    throw error;
  }
}

/** The id as the surfaces show it, an integer. */
export function chatIdOf(conversationId: ConversationId): string {
  return conversationId.slice("a_".length);
}

/** A session is a chat with a model, under its number, or any other conversation, under its whole id. */
export function sessionIdOf(conversationId: ConversationId): string {
  return conversationTypeOf(conversationId) === "assistant" ? chatIdOf(conversationId) : conversationId;
}

/** Of an id that a client sent. Throws session.not_found. */
export function conversationOfChat(chatId: string): ConversationId {
  return assistantConversationId(stampId(chatId, "session.not_found"));
}

/** Who answers, by the conversation's model. */
async function assistantFor({ edge, userId, call }: Asking, config: NewChat["modelConfig"]) {
  const model = typeof config?.model === "string" ? config.model.trim() : "";
  if (isLongerThan(model, maxModelChars.modelName))
    throw invalidField("model", `at most ${maxModelChars.modelName} characters`);
  if (model !== "") return { assistantId: modelAssistantId(model), assistantName: model };
  const { upstream } = await edge.actors.get(ModelSettings, userId).upstream({}, call);
  return { assistantId: ownAssistantId, assistantName: upstream?.modelName ?? "AI" };
}
