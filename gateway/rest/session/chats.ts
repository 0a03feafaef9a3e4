// Chats with models, as the conversation list opens and changes them.
import type { ChatPatch } from "../../../actors/conversation/assistant/contract.ts";
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { assistantConversationId, type ConversationId, type UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { type AssistantCard, findAssistant } from "../../kit/assistants.ts";
import type { Edge } from "../kit/route.ts";

export interface ChatBody {
  title?: string;
  assistantId?: string;
}

/** A new chat in the caller's list. A retry under the same Idempotency-Key gets the same one. */
export async function openChat(
  edge: Edge,
  userId: UserId,
  { assistantId, title }: { assistantId: string; title: string | undefined },
  call: CallOptions,
): Promise<ConversationId> {
  const card = await findAssistant(edge, userId, assistantId);
  const { groupId } = await edge.actors.get(User, userId).newGroupId({}, call);
  const id = assistantConversationId(groupId);
  const chat = { ownerId: userId, ...cardOf(card) };
  await edge.actors.get(Conversation, id).createChat(title === undefined ? chat : { ...chat, title }, call);
  return id;
}

export async function changeChat(
  edge: Edge,
  userId: UserId,
  id: ConversationId,
  { title, assistantId }: ChatBody,
  call: CallOptions,
): Promise<void> {
  const conversation = edge.actors.get(Conversation, id);
  // Asked first, so that a stranger learns nothing of the caller's assistants by the order of the refusals.
  await conversation.chat({ userId });
  const patch: ChatPatch = assistantId === undefined ? {} : cardOf(await findAssistant(edge, userId, assistantId));
  await conversation.updateChat({ userId, patch: title === undefined ? patch : { ...patch, title } }, call);
}

function cardOf({ assistantId, name, avatar }: AssistantCard) {
  return { assistantId, assistantName: name, avatar };
}
