/**
 * Actor kinds, in query order: inside a turn an actor may query only kinds that stand later in this list, so that no two turns
 * wait for each other.
 */
export const kinds = [
  "session",
  "conversation",
  "user",
  "handle",
  "process",
  "reply",
  "account",
  "keyring",
  "pool",
  "models",
  "file",
  "gallery",
  "once",
  "response",
  "storage",
  "blob",
  "contact",
] as const;
export type Kind = (typeof kinds)[number];

export interface Address {
  readonly kind: Kind;
  readonly key: string;
}

/** May an actor of the kind `from` query one of the kind `to` inside a turn? */
export function mayQuery(from: Kind, to: Kind): boolean {
  return kinds.indexOf(to) > kinds.indexOf(from);
}
