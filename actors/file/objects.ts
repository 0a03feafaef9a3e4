// Where the bytes of files lie: objects by name. The bytes pass no actor, no journal and no Temporal history, and an adapter
// never holds a whole object in memory.

export interface Objects {
  /**
   * Stores the object whole, in place of one with this name, or leaves everything as it was: when `bytes` throws, the put
   * rejects with that error. More than `maxBytes` throw file.too_large, bytes with another digest than `sha256`
   * file.digest_differs.
   */
  put(name: string, bytes: AsyncIterable<Uint8Array>, facts: PutFacts): Promise<StoredObject>;
  /**
   * Throws file.not_found. `range`: the first and last byte; `first` lies within the object, a `last` beyond its end means its
   * end. `size` is the size of the whole object. A reader that leaves the loop ends the transfer.
   */
  get(name: string, range?: ByteRange): Promise<{ size: number; bytes: AsyncIterable<Uint8Array> }>;
  /**
   * The object under another name, too, in place of one with that name. No bytes pass this process. Throws file.not_found.
   */
  copy(from: string, to: string): Promise<void>;
  stat(name: string): Promise<{ size: number } | undefined>;
  /** An object that is not there counts as deleted. Also ends what an interrupted put of this name has left. */
  delete(name: string): Promise<void>;
}

export interface PutFacts {
  mime: string;
  maxBytes: number;
  /** Lower-case hex. */
  sha256?: string;
}
/** Of the bytes, lower-case hex. */
export interface StoredObject {
  size: number;
  sha256: string;
  md5: string;
}
export interface ByteRange {
  first: number;
  last?: number;
}

/** UTF-8 bytes of an object's name, the limit of S3; a longer name is refused as common.invalid. */
export const maxObjectNameBytes = 1_024;

/** Bytes that are in memory, for a put. */
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
