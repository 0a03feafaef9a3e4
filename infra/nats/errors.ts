// The errors between this host and the NATS servers.

/**
 * unreachable: no server answered · refused: the server refused the credentials, a permission or a setting · format: the
 * streams were created for another count of shards or streams, or by another version · full: the stream is at its limit,
 * nothing was stored · unknown: the outcome is not known, and the message may be stored now or later · overloaded: a limit
 * of this adapter was reached, nothing was sent · too_large: one item exceeds its limit · closed: the adapter is closed.
 */
type NatsErrorKind = "unreachable" | "refused" | "format" | "full" | "unknown" | "overloaded" | "too_large" | "closed";

export class NatsError extends Error {
  override name = "NatsError";
  readonly kind: NatsErrorKind;
  constructor(kind: NatsErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
