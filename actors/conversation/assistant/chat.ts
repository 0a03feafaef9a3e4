// A chat between a user and a model: its title, assistant and settings. Only its owner sees it.
import { checkText } from "../../shared/check-text.ts";
import { DomainError, invalidField } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { maxChars } from "../../shared/limits.ts";
import { isLongerThan } from "../../shared/names.ts";
import { utf8Length } from "../../shared/utf8.ts";
import { User } from "../../user/contract.ts";
import type { ChatCreated, ChatUpdated } from "../model/assistant-events.ts";
import type { AssistantChat, ChatInfo, ChatPatch } from "../model/assistant-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { chatInfo, createdChat } from "./apply.ts";
import type { AssistantCommands } from "./contract.ts";
import { maxChatChars, maxChatTags, maxModelConfigBytes } from "./limits.ts";
import { discardReplies } from "./queue.ts";

type Input<N extends keyof AssistantCommands> = Parameters<AssistantCommands[N]>[0];

/** A retry gets the chat as it is now. */
export function createChat(
  turn: ConversationTurn,
  { ownerId, assistantId, ...given }: Input<"createChat">,
  { rules }: ConversationPorts,
): ChatInfo {
  const { state, key } = turn;
  const { assistant } = state;
  const isRetry = assistant?.ownerId === ownerId && assistant.assistantId === assistantId && !assistant.isDeleted;
  if (isRetry) return chatInfo(key, assistant);
  allow(state, rules, "chat.create", ownerId);
  checkPatch({ assistantId, ...given });
  const { assistantName = "", avatar = "", title = "", description = "", modelConfig = {}, tags = [] } = given;
  const titleBy = title === "" ? "default" : "person";
  const created: ChatCreated = {
    ...{ type: "chat_created", version: state.version + 1, lastSeq: state.seq },
    chat: { ownerId, assistantId, assistantName, avatar, title, titleBy, description, modelConfig, tags },
  };
  turn.emit(created);
  turn.tell(User, ownerId).conversationJoined({
    conversationId: key,
    conversationType: "assistant",
    fanout: "users",
    atMs: turn.nowMs,
  });
  turn.settle();
  return chatInfo(key, createdChat(created, turn.nowMs));
}

export function updateChat(
  turn: ConversationTurn,
  { userId, patch }: Input<"updateChat">,
  { rules }: ConversationPorts,
): ChatInfo {
  const chat = chatFor(turn, userId, "chat.update", rules);
  checkPatch(patch);
  const changed = changedOnly(chat, patch);
  if (Object.keys(changed).length === 0) return chatInfo(turn.key, chat);
  // A title that was taken away is a default one again.
  const titleBy = changed.title === "" ? ("default" as const) : ("person" as const);
  return emitUpdate(turn, chat, userId, changed.title === undefined ? changed : { ...changed, titleBy });
}

/** From the process that asked a model for a title. */
export function setModelTitle(turn: ConversationTurn, { title }: Input<"setModelTitle">): { isSet: boolean } {
  const { assistant } = turn.state;
  if (!assistant || assistant.isDeleted || assistant.titleBy !== "default" || title === "") return { isSet: false };
  checkPatch({ title });
  emitUpdate(turn, assistant, assistant.assistantId, { title, titleBy: "model" });
  return { isSet: true };
}

export function deleteChat(
  turn: ConversationTurn,
  { userId }: Input<"deleteChat">,
  { rules }: ConversationPorts,
): null {
  const { ownerId } = chatFor(turn, userId, "chat.delete", rules);
  const { version, seq } = turn.state;
  discardReplies(turn, () => true);
  turn.emit({ type: "chat_deleted", version: version + 1, lastSeq: seq, by: userId });
  turn.tell(User, ownerId).conversationLeft({ conversationId: turn.key, reason: "disbanded", atMs: turn.nowMs });
  turn.settle();
  return null;
}

/** The chat, if the authorization table allows the operation. */
export function chatFor(
  turn: Pick<ConversationTurn, "state">,
  userId: UserId,
  operation: "chat.update" | "chat.delete" | "conversation.view",
  rules: ConversationPorts["rules"],
): AssistantChat {
  allow(turn.state, rules, operation, userId);
  const { assistant } = turn.state;
  if (!assistant) throw new DomainError("session.not_found");
  return assistant;
}

function emitUpdate(turn: ConversationTurn, chat: AssistantChat, by: UserId, patch: ChatUpdated["patch"]): ChatInfo {
  const { version, seq } = turn.state;
  const after = { ...chat, ...patch, updatedAtMs: turn.nowMs };
  const { title, assistantId } = after;
  turn.emit({ type: "chat_updated", version: version + 1, lastSeq: seq, by, patch, title, assistantId });
  return chatInfo(turn.key, after);
}

const patchFields = ["title", "description", "modelConfig", "tags", "assistantId", "assistantName", "avatar"] as const;

function changedOnly(chat: AssistantChat, patch: ChatPatch): ChatPatch {
  const changed: Record<string, unknown> = {};
  for (const field of patchFields) {
    const value = patch[field];
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(chat[field])) changed[field] = value;
  }
  return changed;
}

/** No assistant has an id that is empty or too long. Throws llm.assistant_not_found. */
export function checkAssistantId(assistantId: string): void {
  if (assistantId === "" || isLongerThan(assistantId, maxChatChars.assistantId)) {
    throw new DomainError("llm.assistant_not_found");
  }
}

function checkPatch({ title, description, modelConfig, tags, assistantId, assistantName, avatar }: ChatPatch): void {
  if (assistantId !== undefined) checkAssistantId(assistantId);
  checkText("title", title ?? "", maxChatChars.title);
  checkText("description", description ?? "", maxChatChars.description);
  checkText("assistantName", assistantName ?? "", maxChatChars.assistantName);
  checkText("avatar", avatar ?? "", maxChars.url);
  if (tags && (tags.length > maxChatTags || tags.some((tag) => typeof tag !== "string"))) {
    throw invalidField("tags", `at most ${maxChatTags} texts`);
  }
  for (const tag of tags ?? []) checkText("tags", tag, maxChatChars.tag);
  if (modelConfig && utf8Length(JSON.stringify(modelConfig)) > maxModelConfigBytes) {
    throw new DomainError("common.too_large", { details: { maxModelConfigBytes } });
  }
}
