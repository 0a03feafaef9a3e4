/**
 * overloaded: a bound was reached, retry later · not_owner: ask again, ownership moved · unreachable: no answer came ·
 * deadline: time is up, the outcome may be unknown · poisoned: the command crashed its actor and is parked ·
 * unknown_method: caller and callee disagree · too_large: a turn's record is over its limit · draining: the host is going.
 */
export type RuntimeErrorKind =
  | "overloaded"
  | "not_owner"
  | "unreachable"
  | "deadline"
  | "poisoned"
  | "unknown_method"
  | "too_large"
  | "draining";

/** A behaviour cannot read its own past: this actor answers nothing until that is mended, the others go on. */
export class FoldError extends Error {
  override name = "FoldError";
}

export class RuntimeError extends Error {
  override name = "RuntimeError";
  readonly kind: RuntimeErrorKind;
  constructor(kind: RuntimeErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
