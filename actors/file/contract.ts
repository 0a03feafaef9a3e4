// One file: its bytes lie in the object store, this actor owns who may read it, how often it is used, and when it goes.
// Key: the file's id.
import { contract } from "../runtime/contract.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

export type FileState = "uploading" | "processing" | "available" | "expired" | "deleted";

export interface FileView {
  fileId: string;
  ownerId: UserId;
  /** The conversation it was uploaded for. */
  conversationId?: ConversationId;
  /** uploaded, generated, mask, avatar, chat. */
  purpose: string;
  state: FileState;
  name: string;
  /** By content. */
  mime: string;
  size: number;
  sha256: string;
  width?: number;
  height?: number;
  /** Names in the object store. */
  objectName: string;
  thumbName?: string;
  /** Messages that hold it. */
  refCount: number;
  createdAtMs: number;
  updatedAtMs: number;
}

interface FileCommands {
  begin(input: Pick<FileView, "ownerId" | "conversationId" | "purpose" | "name">): FileView;
  /** The bytes are stored: what they are. */
  complete(
    input: Pick<FileView, "mime" | "size" | "sha256" | "width" | "height" | "objectName" | "thumbName">,
  ): FileView;
  /** From a conversation's outbox: a message holds the file, or does not any more. Once per message. */
  refer(input: { conversationId: ConversationId; messageId: string }): null;
  release(input: { conversationId: ConversationId; messageId: string }): null;
  /** Its objects are removed by the upload process of the file. */
  remove(input: { userId: UserId }): FileView;
}
interface FileQueries {
  /** Throws file.not_found. */
  view(input: Record<string, never>): FileView;
  /** The owner, and conversations whose members may read it. */
  readers(input: Record<string, never>): { ownerId: UserId; conversationIds: readonly ConversationId[] };
}
export const File = contract<FileCommands, FileQueries>("file");
