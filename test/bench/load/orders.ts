/** What a scenario is told when it is to go, where there is a choice. Each scenario takes its own. */
export type Order =
  /** groups: those of this size, for so long. */
  | { kind: "size"; members: number; seconds: number }
  /** groups: everybody closes and connects again, so often. */
  | { kind: "reconnect"; rounds: number }
  /** talkers: from now on; then what has happened since, and silence. */
  | { kind: "talk" }
  | { kind: "report" }
  /** web: a light load from now on. */
  | { kind: "pulse"; perSecond: number }
  /** web: one message each into at most `count` conversations of these shards, `width` at once; times count from `sinceMs`. */
  | { kind: "probe"; shards: readonly number[]; sinceMs: number; count: number; width: number };
