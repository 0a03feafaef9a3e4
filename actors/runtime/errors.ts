export type RuntimeErrorKind =
  /** A limit was reached: retry later. */
  | "overloaded"
  /** The shard moved: ask the hosts again. */
  | "not_owner"
  /** No answer came. */
  | "unreachable"
  /** The deadline passed; the outcome is unknown. */
  | "deadline"
  /** The command crashed its actor and was dead-lettered, or the actor's records cannot be folded. */
  | "poisoned"
  /** Caller and host know different methods, or kinds. */
  | "unknown_method"
  /** The turn's record is over its limit. */
  | "too_large";

/** A behaviour cannot fold the records of an actor. The actor answers nothing until the behaviour is mended; others go on. */
export class FoldError extends Error {
  override name = "FoldError";
}

/** The runtime could not run a call. (A refusal by the actor itself is a DomainError.) */
export class RuntimeError extends Error {
  override name = "RuntimeError";
  readonly kind: RuntimeErrorKind;
  constructor(kind: RuntimeErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
