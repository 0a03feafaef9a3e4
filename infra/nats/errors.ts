// What can go wrong between this host and the NATS servers, typed.

/**
 * unreachable: no server answered · refused: credentials or permissions · format: the streams were made for another
 * count of shards or streams, or by a newer version · lost: a stream is gone, or was made anew while we ran ·
 * full: the stream is at its limit, nothing of the request is in · unknown: the outcome is not known, the request may be
 * in or land later · overloaded: a bound of this adapter was reached, nothing was sent · too_large: one item is over its
 * limit · closed: the adapter is closed.
 */
type NatsErrorKind =
  | "unreachable"
  | "refused"
  | "format"
  | "lost"
  | "full"
  | "unknown"
  | "overloaded"
  | "too_large"
  | "closed";

export class NatsError extends Error {
  override name = "NatsError";
  readonly kind: NatsErrorKind;
  constructor(kind: NatsErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
