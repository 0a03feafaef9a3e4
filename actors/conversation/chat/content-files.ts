// Files in messages between people. The edge has found the file for the sender. The message states the facts of the file,
// and the file's addresses name the message, so that every user who sees the message may read the file.
import { File } from "../../file/contract.ts";
import { contentPath, thumbnailPath } from "../../file/paths.ts";
import { DomainError } from "../../shared/errors.ts";
import type { MessageId } from "../../shared/ids.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationTurn } from "../model/state.ts";

const fileContents: ReadonlySet<string> = new Set(["image", "video", "voice", "file"]);

/** The id of the file that a content names; undefined for a content with an address of its own. */
export function fileIdIn(contentType: string, content: unknown): string | undefined {
  if (!fileContents.has(contentType)) return undefined;
  const { fileId } = (content ?? {}) as { fileId?: unknown };
  return typeof fileId === "string" && fileId !== "" ? fileId : undefined;
}

/** With the facts of the file. Throws file.not_found for a file that the edge has not found. */
export function withFile(input: SendMessage): SendMessage {
  const fileId = fileIdIn(input.contentType, input.content);
  if (fileId === undefined) return input;
  const { file, copy } = input.references ?? {};
  const facts = file?.fileId === fileId ? file.facts : undefined;
  // A copy has the facts already: the sender has read the message that holds the file.
  if (!facts && !copy) throw new DomainError("file.not_found");
  const content = { ...(input.content as object), ...facts };
  return { ...input, content: addressed(content, fileId, "") };
}

/** As it is stored: its addresses name this message. */
export function addressedFor(messageId: MessageId, contentType: string, content: unknown): unknown {
  const fileId = fileIdIn(contentType, content);
  return fileId === undefined ? content : addressed(content as object, fileId, `?message=${messageId}`);
}

export function referFile(turn: ConversationTurn, messageId: MessageId, contentType: string, content: unknown): void {
  const fileId = fileIdIn(contentType, content);
  if (fileId !== undefined) turn.tell(File, fileId).refer({ conversationId: turn.key, messageId });
}

function addressed(content: object, fileId: string, query: string): object {
  const { thumbnail } = content as { thumbnail?: unknown };
  return {
    ...content,
    url: contentPath(fileId) + query,
    thumbnail: thumbnail ? thumbnailPath(fileId) + query : "",
  };
}
