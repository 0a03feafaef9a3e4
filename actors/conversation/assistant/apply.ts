import type { RecordMeta } from "../../runtime/contract.ts";
import type { HeadOfChat } from "../../runtime/head.ts";
import type { MessageId } from "../../shared/ids.ts";
import type { AssistantAdded, AssistantEvent, ChatCreated } from "../model/assistant-events.ts";
import type { AssistantChat, ChatInfo } from "../model/assistant-state.ts";
import { foldUncounted } from "../model/counts.ts";
import type { Sent } from "../model/events.ts";
import type { GroupState } from "../model/group-state.ts";
import type { ConversationState } from "../model/state.ts";
import { fileIdsOf } from "./files.ts";

export function applyAssistant(state: ConversationState, event: AssistantEvent, { atMs }: RecordMeta): void {
  switch (event.type) {
    case "chat_created":
      state.assistant = createdChat(event, atMs);
      break;
    case "chat_updated":
      if (state.assistant) Object.assign(state.assistant, event.patch, { updatedAtMs: atMs });
      break;
    case "chat_deleted":
      applyDeleted(state, atMs);
      break;
    case "superseded":
      applySuperseded(state, event.seq);
      break;
    case "assistant_added":
      if (state.group) applyAdded(state.group, event, atMs);
      break;
    case "assistant_removed":
      state.group?.assistants?.delete(event.assistantId);
      break;
    case "files_released":
      if (state.assistant) applyReleased(state.assistant, event.count);
      break;
    case "reply_queued":
      state.replies = [...state.replies, event.reply];
      break;
    case "reply_replaced":
      state.replies = state.replies.map((each) => (each.replyId === event.replyId ? event.reply : each));
      break;
    case "replies_left":
      state.replies = state.replies
        .filter(({ replyId }) => !event.replyIds.includes(replyId))
        .map((each) => (each.replyId === event.nextId ? { ...each, isRunning: true } : each));
      if (event.asksTitle && state.assistant) state.assistant.isTitleAsked = true;
      break;
  }
}

export function createdChat({ chat }: ChatCreated, atMs: number): AssistantChat {
  return {
    ...chat,
    ...{ createdAtMs: atMs, updatedAtMs: atMs, lastUsedAtMs: atMs, messageCount: 0, readSeq: 0 },
    ...{ files: new Map(), isTitleAsked: false, isDeleted: false },
  };
}

export function chatInfo(conversationId: string, chat: AssistantChat): ChatInfo {
  const { readSeq: _, files: _files, isTitleAsked: _asked, isDeleted: _deleted, ...info } = chat;
  return { conversationId, ...info };
}

export function headOfChat(chat: AssistantChat): HeadOfChat {
  const { title, assistantId, assistantName, avatar, description, tags } = chat;
  const { createdAtMs, updatedAtMs, lastUsedAtMs, messageCount } = chat;
  return {
    ...{ title, assistantId, assistantName, avatar, description, tags },
    ...{ createdAtMs, updatedAtMs, lastUsedAtMs, messageCount },
  };
}

/** A message of the chat was sent. */
export function foldChatMessage({ assistant }: ConversationState, sent: Sent, atMs: number): void {
  if (!assistant) return;
  assistant.messageCount += 1;
  assistant.lastUsedAtMs = atMs;
  const fileIds = fileIdsOf(sent.contentType, sent.content);
  if (fileIds.length > 0) assistant.files.set(sent.messageId, fileIds);
}

/** A message of the chat was deleted, or its time is over. */
export function foldChatMessageGone(
  { assistant, superseded }: ConversationState,
  messageId: MessageId,
  seq: number,
): void {
  if (!assistant) return;
  if (!superseded.includes(seq)) assistant.messageCount -= 1;
  assistant.files.delete(messageId);
}

/** A deleted chat keeps nothing that somebody wrote. */
function applyDeleted(state: ConversationState, atMs: number): void {
  if (!state.assistant) return;
  const empty = { title: "", description: "", modelConfig: {}, tags: [], messageCount: 0 };
  state.assistant = { ...state.assistant, ...empty, updatedAtMs: atMs, isDeleted: true };
  state.last = undefined;
}

function applyReleased({ files }: AssistantChat, count: number): void {
  for (const messageId of [...files.keys()].slice(0, count)) files.delete(messageId);
}

function applySuperseded(state: ConversationState, seq: number): void {
  if (state.superseded.includes(seq)) return;
  state.superseded = [...state.superseded, seq].sort((a, b) => a - b);
  foldUncounted(state, seq);
  if (state.assistant) state.assistant.messageCount -= 1;
}

function applyAdded(
  group: GroupState,
  { assistantId, ownerId, name, avatar, visibleFromSeq }: AssistantAdded,
  atMs: number,
): void {
  group.assistants ??= new Map();
  const joinedAtMs = group.assistants.get(assistantId)?.joinedAtMs ?? atMs;
  group.assistants.set(assistantId, { ownerId, name, avatar, visibleFromSeq, joinedAtMs });
}
