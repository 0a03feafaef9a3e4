import { defineActor, type RecordMeta } from "../runtime/contract.ts";
import type { Row } from "../runtime/ports.ts";
import { callQueries } from "./call-queries.ts";
import { callAppliers, callCommands } from "./calls.ts";
import { User } from "./contract.ts";
import { copyAppliers, copyCommands } from "./copies.ts";
import { entryAppliers, entryCommands } from "./entries.ts";
import type { ByType, UserEvent } from "./events.ts";
import { expireRequests } from "./expire-requests.ts";
import { notifyUser } from "./notify.ts";
import { profileAppliers, profileCommands } from "./profile.ts";
import { userQueries } from "./queries.ts";
import { decodeUser, encodeUser } from "./snapshot.ts";
import { standingApplier, standingCommands, standingQuery } from "./standing.ts";
import { createUserState, type UserState } from "./state.ts";
import { friendsUpdatedApplier, updateFriends } from "./update-friends.ts";

export const user = defineActor(User, {
  initial: createUserState,
  apply(state: UserState, event: UserEvent, meta: RecordMeta): void {
    const apply = appliers[event.type] as (event: UserEvent, state: UserState, meta: RecordMeta) => void;
    apply(event, state, meta);
    if ("version" in event) state.version = event.version;
  },
  commands: { ...profileCommands, ...standingCommands, ...copyCommands, ...entryCommands, ...callCommands },
  queries: { ...userQueries, ...standingQuery, ...callQueries },
  notify: notifyUser,
  project: projectUser,
  due: nextDueMs,
  onDue(turn) {
    expireRequests(turn);
    updateFriends(turn);
  },
  selfIdempotent: ["markRead", "updateCall"],
  passivateAfterMs: 5_000,
  encode: encodeUser,
  decode: decodeUser,
});

const appliers: ByType<UserEvent, [UserState, RecordMeta], void> = {
  ...profileAppliers,
  ...copyAppliers,
  ...entryAppliers,
  ...callAppliers,
  ...friendsUpdatedApplier,
  ...standingApplier,
  id_issued: () => {},
};

function nextDueMs({ cardUpdate, requestExpiryMs }: UserState): number | undefined {
  const dueMs = Math.min(cardUpdate?.dueMs ?? Number.POSITIVE_INFINITY, requestExpiryMs);
  return Number.isFinite(dueMs) ? dueMs : undefined;
}

/** The directory's row: name and avatar for other users' lists. */
function projectUser(events: readonly UserEvent[], { key, stamp }: RecordMeta): Row[] {
  const event = events.findLast(({ type }) => type === "created" || type === "profile_changed");
  if (event?.type !== "created" && event?.type !== "profile_changed") return [];
  const { nickname, avatar } = event.profile;
  return [{ table: "directory", userId: key, nickname, avatar, stamp }];
}
