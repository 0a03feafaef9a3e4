// What the files of one user take: every file with its size, and the limit on all of them. A file is counted from the moment its
// size is known. Key: the user's id.
import { contract } from "../runtime/contract.ts";
import type { Bucket, FileType } from "../shared/file-type.ts";

interface StorageCommands {
  /** Takes room for a file. Throws file.storage_full. The same file again: it then takes this many bytes. */
  hold(input: { fileId: string; type: FileType; bytes: number; maxBytes: number }): null;
  /** From the file's outbox: what it takes in the end. */
  settle(input: { fileId: string; bytes: number }): null;
  /** From the file's outbox: it is gone. */
  release(input: { fileId: string }): null;
}
interface StorageQueries {
  /** Buckets without a file are left out. */
  usage(input: Record<string, never>): StorageUsage;
  /** The newest first. `total` counts those of the types. */
  page(input: { types?: readonly FileType[]; offset: number; limit: number }): { fileIds: string[]; total: number };
}

export interface StorageUsage {
  usedBytes: number;
  fileCount: number;
  buckets: { bucket: Bucket; usedBytes: number; fileCount: number }[];
}

export const Storage = contract<StorageCommands, StorageQueries>("storage");

/** Files of one user. One more is refused as if the room were used up. */
export const maxUserFiles = 50_000;
