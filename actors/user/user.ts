import { type Behaviour, defineActor, type RecordMeta } from "../runtime/contract.ts";
import type { Row } from "../runtime/ports.ts";
import { canonicalText } from "../shared/names.ts";
import { callQueries } from "./call-queries.ts";
import { callAppliers, callCommands } from "./calls.ts";
import { contactAppliers, contactCommands, nextContactsDueMs, sendContacts } from "./contacts.ts";
import { User, type UserCommands, type UserQueries } from "./contract.ts";
import { copyAppliers, copyCommands } from "./copies.ts";
import { entryAppliers, entryCommands } from "./entries.ts";
import type { ByType, UserEvent } from "./events.ts";
import { expireInvitations } from "./expire-invitations.ts";
import { expireRequests } from "./expire-requests.ts";
import { friendAppliers, friendCommands } from "./friends.ts";
import { giveUpNames, nameAppliers, nameCommands, nextNameDueMs } from "./names.ts";
import { notifyUser } from "./notify.ts";
import type { UserPorts } from "./ports.ts";
import { createProfileCommands, profileAppliers } from "./profile.ts";
import { createQrCodeCommands, qrCodeApplier, qrCodeQueries } from "./qr-codes.ts";
import { userQueries } from "./queries.ts";
import { decodeUser, encodeUser } from "./snapshot.ts";
import { standingApplier, standingCommands, standingQuery } from "./standing.ts";
import { createUserState, type UserState } from "./state.ts";
import { friendsUpdatedApplier, updateFriends } from "./update-friends.ts";

export function createUser(ports: UserPorts): Behaviour<UserState, UserEvent, UserCommands, UserQueries> {
  return defineActor(User, {
    initial: createUserState,
    apply(state: UserState, event: UserEvent, meta: RecordMeta): void {
      const apply = appliers[event.type] as (event: UserEvent, state: UserState, meta: RecordMeta) => void;
      apply(event, state, meta);
      if ("version" in event) state.version = event.version;
    },
    commands: {
      ...createProfileCommands(ports),
      ...nameCommands,
      ...standingCommands,
      ...copyCommands,
      ...entryCommands,
      ...friendCommands,
      ...callCommands,
      ...contactCommands,
      ...createQrCodeCommands(ports),
    },
    queries: { ...userQueries, ...standingQuery, ...callQueries, ...qrCodeQueries },
    notify: notifyUser,
    project: projectUser,
    due: nextDueMs,
    onDue(turn) {
      const expired = expireRequests(turn);
      expireInvitations(turn, expired);
      updateFriends(turn);
      giveUpNames(turn);
      sendContacts(turn);
    },
    selfIdempotent: ["markRead", "updateCall", "ensureQrCode"],
    passivateAfterMs: 5_000,
    encode: encodeUser,
    decode: decodeUser,
  });
}

const appliers: ByType<UserEvent, [UserState, RecordMeta], void> = {
  ...profileAppliers,
  ...copyAppliers,
  ...entryAppliers,
  ...friendAppliers,
  ...callAppliers,
  ...friendsUpdatedApplier,
  ...standingApplier,
  ...qrCodeApplier,
  ...nameAppliers,
  ...contactAppliers,
  id_issued: () => {},
};

function nextDueMs(state: UserState): number | undefined {
  const cardDueMs = state.cardUpdate?.dueMs ?? Number.POSITIVE_INFINITY;
  const listsDueMs = Math.min(state.requestExpiryMs, state.invitationExpiryMs);
  const dueMs = Math.min(cardDueMs, listsDueMs, nextNameDueMs(state), nextContactsDueMs(state));
  return Number.isFinite(dueMs) ? dueMs : undefined;
}

/** The directory's row, name and avatar for other users' lists; and the name as members are looked up by it. */
function projectUser(events: readonly UserEvent[], { key, stamp }: RecordMeta): Row[] {
  const event = events.findLast(({ type }) => type === "created" || type === "profile_changed");
  if (event?.type !== "created" && event?.type !== "profile_changed") return [];
  const { nickname, avatar } = event.profile;
  return [
    { table: "directory", userId: key, nickname, avatar, stamp },
    { table: "user_names", userId: key, name: canonicalText(nickname), stamp },
  ];
}
