// One file: its bytes lie in the object store, this actor owns who may read it, how often it is used, and when it goes.
// Key: the file's id, any text of letters, digits, - and _.
//
//   uploading ─► processing ─► available ─► expired | deleted
//       └──────────┴─► refused
//
// The bytes come first: an upload streams them into the store, and `stored` starts the upload process, which makes the file
// from them. A file that a process makes by itself (the result of an image edit) goes from uploading to available.
import { contract } from "../runtime/contract.ts";
import type { ErrorName } from "../shared/errors.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

type FileState = "uploading" | "processing" | "available" | "refused" | "expired" | "deleted";

/** What is known before the bytes are. */
export interface FileFacts {
  ownerId: UserId;
  /** The conversation it was uploaded for, or made in. */
  conversationId?: ConversationId;
  /** uploaded, generated, mask, avatar, chat. */
  purpose: string;
  /** As its owner calls it; never a path. */
  name: string;
}

/** What the bytes are, as the store holds them. */
export interface FileContent {
  /** By content. */
  mime: string;
  size: number;
  sha256: string;
  width?: number;
  height?: number;
  hasThumb?: true;
}

export interface FileView extends FileFacts {
  fileId: string;
  state: FileState;
  /** From available on. */
  content?: FileContent;
  /** Why it was refused. */
  refusal?: FileRefusal;
  /** Messages that hold it. */
  refCount: number;
  createdAtMs: number;
  updatedAtMs: number;
}
export interface FileRefusal {
  error: ErrorName;
  message: string;
}

interface FileCommands {
  /** The same owner again: the file as it is. Another owner: throws file.not_found. */
  begin(input: FileFacts): FileView;
  /**
   * The uploaded bytes are in the store: starts the upload process. What the file is for may be known only now. Throws
   * file.not_found when the time for it is over.
   */
  stored(input: Partial<Pick<FileFacts, "conversationId" | "purpose">>): FileView;
  /** The object is in the store. Throws file.not_found for a file that was removed or refused meanwhile. */
  complete(input: FileContent): FileView;
  /** Not refused: the file is available already. A file that is gone counts as refused. */
  refuse(input: FileRefusal): { isRefused: boolean };
  /** From a conversation's outbox: a message holds the file, or does not any more. Once per message. */
  refer(input: { conversationId: ConversationId; messageId: string }): null;
  release(input: { conversationId: ConversationId; messageId: string }): null;
  /** By its owner, whatever messages hold it. Its objects are removed by a process. Throws file.not_found. */
  remove(input: { userId: UserId }): FileView;
}
interface FileQueries {
  /** Throws file.not_found, for a file that expired or was deleted, too. */
  view(input: Record<string, never>): FileView;
  /** The owner, and conversations whose members may read it. Throws file.not_found. */
  readers(input: Record<string, never>): { ownerId: UserId; conversationIds: readonly ConversationId[] };
}
/** The input of the process `upload:…`: makes the file from the stored bytes, or removes its objects. */
export interface UploadInput {
  fileId: string;
  job: "take" | "remove";
  ownerId: UserId;
  conversationId?: ConversationId;
  purpose: string;
}
export const File = contract<FileCommands, FileQueries>("file");
