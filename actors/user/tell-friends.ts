// Friends learn a changed profile from the user's outbox: each friend's list item gets a new version, so that a device that
// was away finds it by SYNC or by time. The cost is one record per friend and change, bounded three ways: changes are
// gathered for `gatherMs`, a user's friends are told once in `tellEveryMs`, and a turn tells as many as fit into a record.
import type { RecordMeta, Turn } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";
import { utf8Length } from "../shared/utf8.ts";
import { type FriendCard, User } from "./contract.ts";
import type { ByType, UserEvent } from "./events.ts";
import type { UserState } from "./state.ts";

type UserTurn = Turn<UserState, UserEvent>;

/** By then the directory's row is written: a friend who asks for the list on hearing of it reads the new name. */
const gatherMs = 1_000;
const tellEveryMs = 30_000;
const maxToldPerTurn = 200;
/** Of a turn's record of 64 KiB. */
const maxTellBytes = 40 * 1024;
/** Around the fields in an outbox entry. */
const entryBytes = 160;

/** Profile fields that friends see; a birthday is not one of them. */
const shownFields = ["nickname", "avatar", "signature", "gender", "region"] as const satisfies (keyof FriendCard)[];

/** The profile changed: every friend is to be told, also those who were about to be told of an earlier change. */
export function foldUntold(state: UserState, changed: readonly string[], atMs: number): void {
  const { friend } = state.lists;
  const fields = shownFields.filter((field) => changed.includes(field) || state.untold?.fields.includes(field));
  if (fields.length === 0 || friend.size === 0 || !shownFields.some((field) => changed.includes(field))) return;
  const dueMs = state.untold?.dueMs ?? Math.max(atMs + gatherMs, state.friendsToldAtMs + tellEveryMs);
  state.untold = { userIds: [...friend.keys()], fields, dueMs };
}

export function tellFriends(turn: UserTurn): void {
  const { state, key, nowMs } = turn;
  const profile = state.profile?.profile;
  if (!profile || !state.untold || state.untold.dueMs > nowMs) return;
  const card: FriendCard = {};
  for (const field of state.untold.fields) Object.assign(card, { [field]: profile[field] });
  const count = Math.min(maxToldPerTurn, Math.floor(maxTellBytes / (utf8Length(JSON.stringify(card)) + entryBytes)));
  const userIds = state.untold.userIds.slice(0, Math.max(1, count));
  for (const userId of userIds) turn.tell(User, userId).friendProfileChanged({ userId: key, card });
  turn.emit({ type: "friends_told", count: userIds.length });
}

export const friendsToldApplier: ByType<Extract<UserEvent, { type: "friends_told" }>, [UserState, RecordMeta], void> = {
  friends_told({ count }, state, { atMs }) {
    const userIds: UserId[] = state.untold?.userIds.slice(count) ?? [];
    if (state.untold && userIds.length > 0) state.untold = { ...state.untold, userIds };
    else delete state.untold;
    state.friendsToldAtMs = atMs;
  },
};
