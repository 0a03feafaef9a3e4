// Sends a changed profile to the user's friends by the outbox: each friend's list item gets a new version, so that a device
// that was away finds the change by SYNC or by time. The cost is one record per friend and change, with three bounds: changes
// are gathered for `gatherMs`, friends are updated once in `updateEveryMs`, and a turn holds as many as fit into its record.
import type { RecordMeta } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";
import { utf8Length } from "../shared/utf8.ts";
import { type FriendCard, User } from "./contract.ts";
import type { ByType, UserEvent } from "./events.ts";
import type { UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

/** Several changes made one after the other go out as one. */
const gatherMs = 1_000;
const updateEveryMs = 30_000;
const maxFriendsPerTurn = 200;
/** Outbox entries of one turn, whose record is kept below 64 KiB. */
const maxEntriesBytes = 40 * 1024;
/** An outbox entry without the fields. */
const entryBytes = 160;

/** Profile fields that friends see; the birthday is not one of them. */
const shownFields = ["nickname", "avatar", "signature", "gender", "region"] as const satisfies (keyof FriendCard)[];

/** A changed profile goes to all friends, with the fields of an earlier change that is still to be sent. */
export function foldCardUpdate(state: UserState, changed: readonly string[], atMs: number): void {
  const { friend } = state.lists;
  const fields = shownFields.filter((field) => changed.includes(field) || state.cardUpdate?.fields.includes(field));
  if (fields.length === 0 || friend.size === 0 || !shownFields.some((field) => changed.includes(field))) return;
  const dueMs = state.cardUpdate?.dueMs ?? Math.max(atMs + gatherMs, state.friendsUpdatedAtMs + updateEveryMs);
  state.cardUpdate = { userIds: [...friend.keys()], fields, dueMs };
}

/** The directory may not hold the change yet that is under way when the two become friends. */
export function foldNewFriend(state: UserState, userId: UserId): void {
  const { cardUpdate } = state;
  if (!cardUpdate || cardUpdate.userIds.includes(userId)) return;
  state.cardUpdate = { ...cardUpdate, userIds: [...cardUpdate.userIds, userId] };
}

export function updateFriends(turn: UserTurn): void {
  const { state, key, nowMs } = turn;
  const profile = state.profile?.profile;
  if (!profile || !state.cardUpdate || state.cardUpdate.dueMs > nowMs) return;
  const card: FriendCard = {};
  for (const field of state.cardUpdate.fields) Object.assign(card, { [field]: profile[field] });
  const count = Math.min(
    maxFriendsPerTurn,
    Math.floor(maxEntriesBytes / (utf8Length(JSON.stringify(card)) + entryBytes)),
  );
  const userIds = state.cardUpdate.userIds.slice(0, Math.max(1, count));
  for (const userId of userIds) turn.tell(User, userId).friendProfileChanged({ userId: key, card });
  turn.emit({ type: "friends_updated", count: userIds.length });
}

export const friendsUpdatedApplier: ByType<
  Extract<UserEvent, { type: "friends_updated" }>,
  [UserState, RecordMeta],
  void
> = {
  friends_updated({ count }, state, { atMs }) {
    const userIds: UserId[] = state.cardUpdate?.userIds.slice(count) ?? [];
    if (state.cardUpdate && userIds.length > 0) state.cardUpdate = { ...state.cardUpdate, userIds };
    else delete state.cardUpdate;
    state.friendsUpdatedAtMs = atMs;
  },
};
