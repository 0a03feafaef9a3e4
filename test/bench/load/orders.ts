/** An order that a prepared scenario runs. Each scenario accepts its own orders. */
export type Order =
  /** groups: send in the groups of this size, for this time. */
  | { kind: "size"; members: number; seconds: number }
  /** groups: all users close their sockets and connect again, `rounds` times. */
  | { kind: "reconnect"; rounds: number }
  /** talkers: "talk" begins to send; "report" stops and answers the figures since then. */
  | { kind: "talk" }
  | { kind: "report" }
  /** web: begins a light load. */
  | { kind: "pulse"; perSecond: number }
  /**
   * web: sends one message each into at most `count` conversations of these shards, `width` at once. Times count from
   * `sinceMs`.
   */
  | { kind: "probe"; shards: readonly number[]; sinceMs: number; count: number; width: number };
