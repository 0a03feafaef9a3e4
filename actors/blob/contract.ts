// Equal bytes are stored once: the files that share them are counted, and the object is removed with the last of them. Key: the
// SHA-256 of the bytes, lower-case hex.
//
// An object that is being removed is never used again: the next file gets an object with the next number. So a removal that
// comes late removes nothing that a file still has.
import { contract } from "../runtime/contract.ts";

interface BlobCommands {
  /** The object's name for this file. The caller then makes sure that the object is there. Once per file. */
  hold(input: { fileId: string }): { object: string };
  /** The file has gone. The last one of an object starts the process that removes it. */
  release(input: { fileId: string }): null;
}
interface BlobQueries {
  /** The object that files share now; undefined: these bytes are not known. */
  find(input: Record<string, never>): { object: string } | undefined;
}
export const Blob = contract<BlobCommands, BlobQueries>("blob");

/** Files that share one object. The next file gets another object with the same bytes. */
export const maxSharingFiles = 10_000;
