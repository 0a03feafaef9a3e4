// What can go wrong with a store, typed: a file of SQLite, or Cassandra.

/**
 * locked: another server has the file · damaged: its content contradicts itself · format: written by another version or
 * for another store · failed: the disk refused, nothing of the request is in · closed: the adapter is closed or its
 * worker died · overloaded: a bound of the adapter was reached · too_large: one item is over its limit.
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
