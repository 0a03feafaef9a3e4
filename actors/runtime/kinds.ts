/**
 * Actor kinds, in query order: inside a turn an actor may query only kinds that stand later in this list,
 * so no two turns can wait for each other.
 */
export const kinds = ["session", "conversation", "user", "handle"] as const;
export type Kind = (typeof kinds)[number];

export interface Address {
  readonly kind: Kind;
  readonly key: string;
}

export function mayQuery(from: Kind, to: Kind): boolean {
  return kinds.indexOf(to) > kinds.indexOf(from);
}
