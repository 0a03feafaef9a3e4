// Files that messages of a chat with a model hold. A file lives as long as a message holds it, so the chat reports what its
// messages hold, and what they do not hold any more.
import { File } from "../../file/contract.ts";
import { DomainError, invalidField } from "../../shared/errors.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";
import type { AssistantChat } from "../model/assistant-state.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { maxMessagesWithFiles } from "./limits.ts";

/** Files released by one turn: each costs an outbox entry. */
const maxReleasedPerTurn = 200;

/** Of the content of a prompt or an answer, whatever a client sent as one. */
export function fileIdsOf(contentType: string, content: unknown): readonly string[] {
  if (contentType !== "prompt" && contentType !== "assistant") return none;
  const { imageIds } = (content ?? {}) as { imageIds?: unknown };
  return Array.isArray(imageIds) ? imageIds.filter((id) => typeof id === "string") : none;
}
const none: readonly string[] = [];

/** Throws file.not_found for a file that is neither the sender's nor held by this conversation, as if it did not exist. */
export async function checkFiles(
  turn: ConversationTurn,
  { files }: AssistantChat,
  userId: UserId,
  fileIds: readonly string[],
): Promise<void> {
  if (files.size >= maxMessagesWithFiles) {
    throw new DomainError("common.too_many", {
      message: `Only ${maxMessagesWithFiles} messages of a chat may hold files.`,
    });
  }
  await Promise.all(
    fileIds.map(async (fileId) => {
      const { ownerId, conversationIds } = await turn.ask(File, fileId).readers({});
      if (ownerId !== userId && !conversationIds.includes(turn.key)) throw new DomainError("file.not_found");
    }),
  );
}

export function referFiles(turn: ConversationTurn, messageId: MessageId, fileIds: readonly string[]): void {
  for (const fileId of fileIds) turn.tell(File, fileId).refer({ conversationId: turn.key, messageId });
}

/** When the message is deleted, or its time is over. */
export function releaseFiles(turn: ConversationTurn, messageId: MessageId): void {
  for (const fileId of turn.state.assistant?.files.get(messageId) ?? none) {
    turn.tell(File, fileId).release({ conversationId: turn.key, messageId });
  }
}

/** An edit changes the words, and not what the message holds. */
export function checkSameFiles(
  { assistant }: ConversationState,
  messageId: MessageId,
  edited: readonly string[],
): void {
  const held = assistant?.files.get(messageId) ?? none;
  if (held.length !== edited.length || held.some((fileId) => !edited.includes(fileId))) {
    throw invalidField("imageIds", "those of the message");
  }
}

/**
 * Releases the files of a deleted chat: those of some messages in this turn, the others in the next ones. False when all are
 * released.
 */
export function releaseNext(turn: ConversationTurn): boolean {
  const { assistant } = turn.state;
  if (!assistant?.isDeleted || assistant.files.size === 0) return false;
  const messageIds: MessageId[] = [];
  let released = 0;
  for (const [messageId, fileIds] of assistant.files) {
    if (messageIds.length > 0 && released + fileIds.length > maxReleasedPerTurn) break;
    messageIds.push(messageId);
    released += fileIds.length;
    releaseFiles(turn, messageId);
  }
  turn.emit({ type: "files_released", count: messageIds.length });
  return true;
}
