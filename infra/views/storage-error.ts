// The errors of a store: an SQLite file, or Cassandra.

/**
 * locked: another server uses the file · damaged: the content contradicts itself · format: written by another version or
 * for another store · failed: the store refused the request or did not answer; SQLite wrote nothing of it, Cassandra may have
 * written some rows · closed: the adapter is closed, or its worker died · overloaded: a limit of the adapter was reached ·
 * too_large: one item exceeds its limit.
 */
export type StorageErrorKind = "locked" | "damaged" | "format" | "failed" | "closed" | "overloaded" | "too_large";

export class StorageError extends Error {
  override name = "StorageError";
  readonly kind: StorageErrorKind;
  constructor(kind: StorageErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
