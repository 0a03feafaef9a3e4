import type { UserId } from "../../../actors/shared/ids.ts";

/** Whose presence one connection wants to see, and whom of them it may see now. Bounded by `maxPresenceSubscriptions`. */
export class PresenceWish {
  /** The wish names the user's friends, and the device did not ask for it: nothing is sent about friends who are offline. */
  readonly isUnasked: boolean;
  readonly wanted: Set<UserId>;
  readonly shown = new Set<UserId>();
  /** Users about whom the wish must be judged, for the first time or again. */
  readonly due: Set<UserId>;
  /** Of an unasked wish: users who have been offline since it was made. They are judged when they come online. */
  readonly absent: Set<UserId>;
  /** The judgement under way. */
  judging: Promise<void> | undefined;

  constructor(userIds: Iterable<UserId>, isUnasked = false) {
    this.isUnasked = isUnasked;
    this.wanted = new Set(userIds);
    this.due = new Set(isUnasked ? [] : this.wanted);
    this.absent = new Set(isUnasked ? this.wanted : []);
  }

  /** The user came online, or must be judged again for another reason. */
  judge(userId: UserId): void {
    this.absent.delete(userId);
    this.due.add(userId);
  }
}
