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
import type { FileType } from "../shared/file-type.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import type { StoredObject } from "./objects.ts";

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
  /** Set for a file of the messenger. It is counted in its owner's storage, and stays until its owner deletes it. */
  type?: FileType;
  /** What the client says it is; believed of content that shows no type. */
  declaredMime?: string;
  wishes?: PictureWishes;
}

/** What becomes of a picture before it is stored. */
export interface PictureWishes {
  convert?: "jpeg" | "png" | "webp";
  /** 1 to 100. */
  quality?: number;
  /** Pixels: it is made smaller, in its proportions, never larger. */
  maxWidth?: number;
  maxHeight?: number;
  /** A text that is written into its lower right corner. */
  watermark?: string;
}

/** An upload in parts, or one that comes after it was announced. Its id is the file's. */
export interface UploadPlan {
  sizeBytes: number;
  /** Of every part but the last. */
  chunkBytes: number;
  chunks: number;
  /** Lower-case hex, as the client announced them. */
  sha256?: string;
  md5?: string;
  /** Hex. A client that proves by it that it has the bytes does not upload them. */
  nonce?: string;
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
  durationMs?: number;
  /** Lower-case hex. */
  md5?: string;
  /** The object that holds the bytes, shared with equal files; absent: the file's own. */
  object?: string;
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
  /** While it is uploaded as announced. */
  upload?: UploadView;
  createdAtMs: number;
  updatedAtMs: number;
}
interface UploadView {
  plan: UploadPlan;
  /** Indexes of the parts that are there, in order. */
  parts: readonly number[];
  /** The bytes came whole. */
  digest?: StoredObject;
  expiresAtMs: number;
}
export interface FileRefusal {
  error: ErrorName;
  message: string;
}

/** What is known of a file only when its bytes are in the store. */
type StoredFacts = Partial<Pick<FileFacts, "conversationId" | "purpose" | "type" | "wishes">> & {
  digest?: StoredObject;
  /** Another request may store other bytes in place of these: they are compared with the digest once more. */
  isReplaceable?: true;
};
export type MakingStage = "checking" | "thumbnail" | "converting" | "cover" | "transcoding";

export interface FileCommands {
  /** The same owner again: the file as it is. Another owner: throws file.not_found. */
  begin(input: FileFacts & { plan?: UploadPlan }): FileView;
  /** The part is in the store. Throws file.upload_unknown, and file.part_invalid for an index that the plan has not. */
  partStored(input: { ownerId: UserId; index: number }): null;
  /** The announced bytes are in the store, whole. Throws file.upload_unknown. */
  received(input: { digest: StoredObject }): null;
  /** The nonce of the upload, once: a second proof needs another upload. Throws file.upload_unknown. */
  takeNonce(input: { ownerId: UserId }): { nonce?: string };
  /**
   * The uploaded bytes are in the store: starts the upload process. What the file is for may be known only now. Throws
   * file.not_found when the time for it is over.
   */
  stored(input: StoredFacts): FileView;
  /** Publishes to the owner how far the making of the file is. */
  progress(input: { stage: MakingStage; progress: number }): null;
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
export interface FileQueries {
  /** Throws file.not_found, for a file that expired or was deleted, too. */
  view(input: Record<string, never>): FileView;
  /** The same, also of a file that expired or was deleted. */
  find(input: Record<string, never>): FileView;
  /** As the upload was announced, until the file is gone. Throws file.upload_unknown. */
  plan(input: Record<string, never>): { plan: UploadPlan };
  /** The newest messages that hold it, by conversation: at most `maxMessagesNamed` of each. Throws file.not_found. */
  holders(input: Record<string, never>): { conversationId: ConversationId; messageIds: string[] }[];
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
/** The input of the process `intake:…` of the messenger's files. */
export type IntakeInput =
  /** `chunks`: the bytes lie in so many parts; 0: they lie whole, with this digest. */
  | { job: "make"; fileId: string; ownerId: UserId; chunks: number; digest?: StoredObject; isReplaceable?: true }
  | { job: "remove"; fileId: string; ownerId: UserId; chunks: number; sha256?: string }
  /** An object that no file has any more. */
  | { job: "erase"; object: string };
export const File = contract<FileCommands, FileQueries>("file");
