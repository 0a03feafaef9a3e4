import type { UserId } from "../../../actors/shared/ids.ts";

/** Whose presence one connection wants to see, and whom of them it may see now. Bounded by `maxPresenceSubscriptions`. */
export class PresenceWish {
  readonly wanted: ReadonlySet<UserId>;
  readonly shown = new Set<UserId>();
  /** Users about whom the wish must be judged, for the first time or again. */
  readonly due: Set<UserId>;
  /** The judgement under way. */
  judging: Promise<void> | undefined;

  constructor(userIds: Iterable<UserId>) {
    this.wanted = new Set(userIds);
    this.due = new Set(this.wanted);
  }
}
